// How many control messages may be on their way at once: slow start and congestion avoidance (RFC 2661 appendix A).

export class Congestion {
  #advertised: number;
  #window = 1;
  #threshold: number;

  /** `advertised`: the peer's Receive Window Size. */
  constructor(advertised: number) {
    this.#advertised = advertised;
    this.#threshold = advertised;
  }

  /** The peer's Receive Window Size. */
  get advertised(): number {
    return this.#advertised;
  }

  /** CWND in whole messages, never above what the peer announced. */
  get window(): number {
    return Math.min(Math.floor(this.#window), this.#advertised);
  }

  /** The peer announced its Receive Window Size: before the second message is sent. */
  announced(window: number): void {
    this.#advertised = window;
    this.#threshold = window;
    this.#window = Math.min(this.#window, window);
  }

  /** An acknowledgement came: one more in slow start, 1/CWND beyond SSTHRESH. */
  acknowledged(): void {
    const grown = this.#window + (this.#window < this.#threshold ? 1 : 1 / this.#window);
    this.#window = Math.min(grown, this.#advertised);
  }

  /** A message had to be sent again: half of CWND becomes SSTHRESH, CWND one. */
  timedOut(): void {
    this.#threshold = Math.max(this.#window / 2, 1);
    this.#window = 1;
  }
}
