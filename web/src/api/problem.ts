/** What xend, or what lies between, has refused: what happened, and what to do next. */
export class Problem extends Error {
  readonly status: number;
  readonly hint: string;

  constructor(detail: string, hint = "", status = 0) {
    super(detail);
    this.status = status;
    this.hint = hint;
  }
}
