/** Which of the latest 64 sequence numbers have been seen [RFC 6347 4.1.2.6]. Asked before, marked after authentication. */
export class ReplayWindow {
  /** The highest number marked, -1 before the first. */
  top = -1;
  // Bit n stands for top - n: `low` has n = 0..31, `high` 32..63. Signed, as V8 keeps such numbers without a box.
  low = 0;
  high = 0;

  /** Whether a number may be new. */
  admits(sequence: number): boolean {
    const age = this.top - sequence;
    if (age < 0) return true;
    if (age > 63) return false;
    return age < 32 ? ((this.low >>> age) & 1) === 0 : ((this.high >>> (age - 32)) & 1) === 0;
  }

  /** Marks the number of an authentic record. */
  mark(sequence: number): void {
    const age = this.top - sequence;
    if (age < 0) {
      this.slide(-age);
      this.top = sequence;
      this.low |= 1;
    } else if (age < 32) this.low |= 1 << age;
    else if (age < 64) this.high |= 1 << (age - 32);
  }

  private slide(by: number): void {
    if (by >= 64) {
      this.low = 0;
      this.high = 0;
    } else if (by >= 32) {
      this.high = this.low << (by - 32);
      this.low = 0;
    } else {
      this.high = (this.high << by) | (this.low >>> (32 - by));
      this.low <<= by;
    }
  }
}
