import type { Complaint } from "./words";

/** What xend, or what lies between, has refused: what happened, and what to do next; `complaints` are about places in
 * a text. */
export class Problem extends Error {
  readonly status: number;
  readonly hint: string;
  readonly complaints: readonly Complaint[];

  constructor(detail: string, hint = "", status = 0, complaints: readonly Complaint[] = []) {
    super(detail);
    this.status = status;
    this.hint = hint;
    this.complaints = complaints;
  }

  /** Whatever was thrown, as one. */
  static of(error: unknown): Problem {
    return error instanceof Problem ? error : new Problem(String(error));
  }

  /** A problem object of the API, such as a job has that failed; `otherwise` is said where it says nothing. */
  static told(body: Readonly<Record<string, unknown>> | null, status = 0, otherwise = ""): Problem {
    const word = (name: string): string => (typeof body?.[name] === "string" ? body[name] : "");
    const complaints = Array.isArray(body?.["complaints"]) ? (body["complaints"] as Complaint[]) : [];
    return new Problem(word("detail") || otherwise, word("hint"), status, complaints);
  }
}
