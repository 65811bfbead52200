/** The words of the API, as its OpenAPI description has them. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type DomainRow = Schemas["DomainRow"];
export type DomainAnswer = Schemas["DomainAnswer"];
export type State = Schemas["State"];
export type Job = Schemas["Job"];
export type JobAnswer = Schemas["JobAnswer"];
export type JobLog = Schemas["JobLog"];
export type Disk = Schemas["Disk"];
export type Vif = Schemas["Vif"];
export type Image = Schemas["Image"];
export type ImageList = Schemas["ImageList"];
export type NetworkRow = Schemas["NetworkRow"];
export type NetworkList = Schemas["NetworkList"];
export type NetworkAnswer = Schemas["NetworkAnswer"];
export type NetworkPlan = Schemas["NetworkPlan"];
export type Deed = Schemas["Deed"];
export type DeedList = Schemas["DeedList"];
export type Event = Schemas["Event"];
export type HostAnswer = Schemas["HostAnswer"];
export type Host = Schemas["Host"];
export type Stats = Schemas["Stats"];
export type UsageHistory = Schemas["UsageHistory"];
export type Caller = Schemas["CallerAnswer"];
export type OperationRow = Schemas["OperationRow"];
export type Reason = Schemas["Reason"];
export type Complaint = Schemas["Complaint"];
export type CheckAnswer = Schemas["CheckAnswer"];
export type Difference = Schemas["Difference"];
export type DifferenceList = Schemas["DifferenceList"];
export type GuestFile = Schemas["Shown"];
export type SavedGuestFile = Schemas["Saved"];
export type Snapshot = Schemas["SnapshotShown"];
export type SnapshotList = Schemas["SnapshotList"];
export type KeyWanted = Schemas["KeyWanted"];
export type SecurityKey = Schemas["ShownSecurityKey"];
export type SecurityKeyList = Schemas["SecurityKeyList"];
export type Token = Schemas["ShownToken"];
export type TokenList = Schemas["TokenList"];
export type WaysToLogIn = Schemas["WaysToLogIn"];
export type GivenToken = Schemas["GivenToken"];
export type GivenHandover = Schemas["GivenHandover"];
export type GivenTicket = Schemas["GivenTicket"];
export type Door = Schemas["Door"];

/** What the live stream says (`/v1/stream`), frame by frame. */
export type Frame =
  | { type: "state"; run: string; sequence: number; host: HostAnswer | null; domains: DomainRow[]; jobs: Job[]; events: Event[] }
  | { type: "domain"; name: string; row: DomainRow | null; sequence: number }
  | { type: "job"; job: Job; sequence: number }
  | ({ type: "event" } & Event)
  | { type: "stats"; at: number; host: Host | null; domains: { domain: DomainRow; stats: Stats }[] }
  | { type: "resync" }
  | { type: "resumed" };
