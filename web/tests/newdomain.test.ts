import { expect, test } from "vitest";

import { addressOf } from "../src/domains/address";
import { cloneCommand, commandsOf, word } from "../src/new/commands";
import { byField, fieldOf, withoutImage } from "../src/new/complaints";
import { type Form, formatOf, formOf, lacks, missing, pathOf, queryOf, sizeOf, usual } from "../src/new/form";
import { guestFileOf, quoted } from "../src/new/guestfile";
import type { Complaint } from "../src/api/words";

const iso = (more: Partial<Form> = {}): Form => ({ ...usual("iso"), name: "web", iso: "/iso/debian.iso", ...more });

function complaint(key: string, message: string, severity: Complaint["severity"] = "error"): Complaint {
  return { key, message, severity, file: "", line: 1, column: 1, text: "", hint: null };
}

test("from an ISO: an empty disk that is passed over, and the CD", () => {
  expect(guestFileOf("iso", iso(), "/images")).toBe(`name     = "web"
type     = "hvm"
memory   = 2048
vcpus    = 2
boot     = "cd"
disk     = [
    "format=qcow2,vdev=xvda,access=rw,target=/images/web/disk.qcow2",
    "format=raw,vdev=hdc,devtype=cdrom,target=/iso/debian.iso",
]
vif      = [""]
vnc      = 1
serial   = "pty"
`);
});

test("from an image and from a kernel", () => {
  const image = { ...usual("image"), name: "old", path: "/i/a.vmdk", cards: [], graphics: "none" } as const;
  expect(guestFileOf("image", image, "/images")).toContain('disk     = ["format=vmdk,vdev=xvda,access=rw,target=/i/a.vmdk"]\nvif      = []\nvnc      = 0\n');
  const kernel = { ...usual("kernel"), name: "pv", kernel: "/k", ramdisk: "/r", disk: "none", cards: ["bridge:br:0"] } as const;
  expect(guestFileOf("kernel", kernel, "/images")).toBe(`name     = "pv"
type     = "pv"
memory   = 512
vcpus    = 1
kernel   = "/k"
ramdisk  = "/r"
extra    = "console=hvc0"
disk     = []
vif      = ["bridge=br:0"]
`);
});

test("UEFI, several cards, and the screen over RDP", () => {
  const text = guestFileOf("iso", iso({ firmware: "uefi", cards: ["network:lan", "", "bridge:br0"], graphics: "rdp" }), "/i");
  expect(text).toContain('bios     = "ovmf"\nboot     = "cd"\n');
  expect(text).toContain('vif      = [\n    "network=lan",\n    "",\n    "bridge=br0",\n]\nvnc      = 1\nrdp      = 1\n');
  expect(guestFileOf("kernel", { ...usual("kernel"), firmware: "uefi", graphics: "rdp" }, "/i")).toContain('vfb      = ["vnc=1"]\nrdp      = 1\n');
  expect(guestFileOf("kernel", { ...usual("kernel"), firmware: "uefi" }, "/i")).not.toContain("bios");
});

test("the address keeps the cards: each, or none", () => {
  const kept = (cards: string[]): string => queryOf("iso", iso({ cards })).getAll("network").join(" ");
  expect([kept([""]), kept([]), kept(["network:a", ""])]).toEqual(["", "none", "network:a "]);
  for (const cards of [[""], [], ["", ""], ["network:a", "bridge:b"]])
    expect(formOf("iso", queryOf("iso", iso({ cards }))).cards).toEqual(cards);
  expect(formOf("iso", new URLSearchParams(Array(99).fill("network=network:a").join("&"))).cards).toHaveLength(8);
});

test("a CD-ROM beside a disk that may have a system is started from first", () => {
  expect(guestFileOf("iso", iso({ disk: "old", path: "/i/a.img" }), "/images")).toContain('boot     = "dc"');
});

test("what is no number is left to xend", () => {
  expect(guestFileOf("iso", iso({ memory: "2 GB", vcpus: "007" }), "/i")).toContain('memory   = "2 GB"\nvcpus    = 7\n');
});

test("texts are quoted so that both dialects read them alike", () => {
  expect(quoted(`it's "so" \\ ä\n\t\r\x07\x85`)).toBe(`"it's \\"so\\" \\\\ ä\\n\\t\\r\\x07\\x85"`);
});

test("words of a shell", () => {
  expect(["web", "/a/b.img", "it's", "a b", "", "$(x)", "ä", "a\nb"].map(word)).toEqual([
    "web",
    "/a/b.img",
    "'it'\\''s'",
    "'a b'",
    "''",
    "'$(x)'",
    "'ä'",
    "'a\nb'",
  ]);
});

test("the commands do the same", () => {
  expect(commandsOf(iso(), "web", "/images")).toEqual(["xm disk create /images/web/disk.qcow2 20g", "xm new ./web.cfg", "xm start web"]);
  expect(commandsOf(iso({ format: "raw", path: "/i/a b.qcow2", start: "no" }), "we'b", "/i")).toEqual([
    "xm disk create -f raw '/i/a b.qcow2' 20g",
    "xm new './we'\\''b.cfg'",
  ]);
  expect(commandsOf(iso({ disk: "none" }), "web", "/i")).toEqual(["xm new ./web.cfg", "xm start web"]);
});

test("the command of a clone", () => {
  const clone = { of: "web", name: "", count: 1, snapshot: "", running: false, full: false };
  expect(cloneCommand(clone)).toBe("xm clone web");
  expect(cloneCommand({ ...clone, name: "new", count: 3, running: true, full: true })).toBe("xm clone -n 3 --running --full web new");
  expect(cloneCommand({ ...clone, snapshot: "first one" })).toBe("xm clone --snapshot 'first one' web");
});

test("the address keeps what was said, and nothing that is usual", () => {
  const form = iso({ memory: "4096", path: "/a, b&c", disk: "old", start: "no" });
  const query = queryOf("iso", form);
  expect(formOf("iso", new URLSearchParams(query.toString()))).toEqual(form);
  expect([...query.keys()].sort()).toEqual(["disk", "iso", "memory", "name", "path", "start"]);
  expect(formOf("kernel", new URLSearchParams("disk=oh&format=exe&memory=1"))).toEqual({ ...usual("kernel"), memory: "1" });
});

test("paths and formats where nothing is said", () => {
  expect(pathOf(iso({ format: "raw" }), "/images")).toBe("/images/web/disk.img");
  expect(pathOf(iso({ path: "/x" }), "/images")).toBe("/x");
  expect(formatOf(iso({ path: "/x" }))).toBe("raw");
  expect(formatOf(iso({ path: "/x.vhd", disk: "old" }))).toBe("vhd");
});

test("sizes are whole numbers of GiB, of which the bytes can be counted", () => {
  expect(["1", " 20 ", "0", "-1", "1.5", "", "1e3", "8388607", "8388608"].map((size) => sizeOf(iso({ size })))).toEqual([
    2 ** 30,
    20 * 2 ** 30,
    null,
    null,
    null,
    null,
    null,
    8388607 * 2 ** 30,
    null,
  ]);
});

test("what is missing, and what an item of disk cannot say", () => {
  expect(missing("iso", usual("iso"))).toEqual(["name", "iso"]);
  expect(missing("kernel", usual("kernel"))).toEqual(["name", "kernel"]);
  expect(missing("image", { ...usual("image"), name: "web" })).toEqual(["disk"]);
  expect(lacks("iso", iso(), "/i/a", [])).toEqual({});
  expect(lacks("iso", iso({ iso: "debian.iso", size: "much" }), "/i/a", ["/i/a"])).toEqual({
    iso: "new.path.whole",
    disk: "new.path.taken",
    size: "new.size.bad",
  });
  expect(lacks("image", { ...usual("image"), path: "/i/a," }, "/i/a,", [])).toEqual({ disk: "new.path.whole" });
});

test("complaints stand at the field that they are for; notes and others do not", () => {
  expect(["name", "disk[0]", "disk[1]", "vif[0]", "vfb[0]", "on_crash", ""].map((key) => fieldOf(key, iso()))).toEqual([
    "name",
    "disk",
    "iso",
    "card0",
    "graphics",
    null,
    null,
  ]);
  expect(fieldOf("disk[0]", iso({ disk: "none" }))).toBe("iso");
  const [bad, note] = [complaint("memory", "much"), complaint("disk[0]", "is vda", "note")];
  expect(byField(iso(), [bad, note])).toEqual({ fields: { memory: [bad] }, others: [note] });
});

test("that the image is not there is no complaint where it is made first", () => {
  const [absent, wrong, other] = [complaint("disk[0]", "does not exist"), complaint("disk[0]", "wrong"), complaint("disk[1]", "does not exist")];
  expect(withoutImage([absent, wrong, other], [wrong], true)).toEqual([wrong, other]);
  expect(withoutImage([absent, wrong, other], [wrong], false)).toEqual([absent, wrong, other]);
});

test("a domain that is called new has a place beside that where one is made", () => {
  expect(addressOf("new")).toBe("/domains/new/overview");
  expect(addressOf("new", "file")).toBe("/domains/new/file");
  expect(addressOf("a/b", "overview")).toBe("/domains/a%2Fb");
});
