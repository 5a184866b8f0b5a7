import type { Command, Replies } from '../command.js';

/** What an application sent: a command, or something that only gets an answer. */
export type ParsedCommand =
  | { readonly kind: 'command'; readonly command: Command; readonly replies: Replies }
  | { readonly kind: 'invalid'; readonly answer: string };

/** A command that cannot be understood: the key, and what is wrong with it. */
export interface WrongCommand {
  readonly reason: string;
}
