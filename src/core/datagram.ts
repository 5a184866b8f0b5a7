/** Who a peer has proven to be. Absent on plain UDP. `endpoint` is the one name its credential is bound to, if it is. */
export type Identity =
  | { readonly kind: 'psk'; readonly identity: string; readonly endpoint?: string }
  | { readonly kind: 'x509'; readonly subject: string; readonly commonName: string; readonly fingerprint: string }
  | { readonly kind: 'rpk'; readonly publicKey: string; readonly endpoint?: string };

/**
 * The other end of a conversation: a UDP address, a DTLS session (whose address may move), or a wireless node behind a
 * forwarder. Protocols hold on to peers, never to addresses.
 */
export interface Peer {
  /** The same for every datagram of this peer, different for every other peer of any port. */
  readonly key: string;
  /** For people: where its last datagram came from. */
  readonly address: string;
  readonly identity?: Identity;
  /** Sends one datagram; it may be lost, and a failure to send is a loss. */
  send(datagram: Buffer): void;
}

/** Takes a datagram. The buffer is the receiver's to keep. */
export type DatagramHandler = (datagram: Buffer, peer: Peer) => void;

/** A place where datagrams arrive: a UDP socket, a DTLS endpoint, a test's memory. */
export interface DatagramPort {
  /** For logs, `udp 0.0.0.0:1884`. */
  readonly name: string;
  /** Binds and begins to hand datagrams to the handler. Rejects with code `LISTEN` when the address cannot be had. */
  start(handler: DatagramHandler): Promise<void>;
  /** The peer with this key, if it is of this port and still to be reached: for what was known before a restart. */
  peerAt?(key: string): Peer | undefined;
  /** Stops; no handler call afterwards. May be called again. */
  stop(): Promise<void>;
}
