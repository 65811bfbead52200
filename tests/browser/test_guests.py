"""A real guest in a real browser: how it is made and cloned, its consoles, also while xend starts anew, its guest file
and its snapshots.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.browser.conftest import ARGUMENTS, CHROMIUM, cookie_of, the_page
from tests.live.test_send_key import Keyboard
from tests.support.live import LiveHost, live_host, until
from tests.support.web_process import SETTINGS, WebProcess

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PATIENCE = 180_000
"""Milliseconds: a guest boots meanwhile, in software."""


@pytest.fixture
def host() -> Iterator[LiveHost]:
    the_page()
    with live_host(settings=SETTINGS) as host:
        host.start()
        yield host


@pytest.fixture
def page(host: LiveHost) -> Iterator[Page]:
    """Of an administrator."""
    web = WebProcess(host)
    web.start()
    url = f"https://{web.door}"
    secret = host.ok("token", "create", "a test").strip()
    expect.set_options(timeout=PATIENCE)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            context = browser.new_context(ignore_https_errors=True, base_url=url, locale="en-US")
            context.add_cookies([cookie_of(secret, url)])
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            yield page
            browser.close()
    finally:
        web.stop()


def shows(page: Page, text: str) -> None:
    """On the text console; what it repeats of what was typed does not have it in this form."""
    expect(page.locator(".xterm-rows")).to_contain_text(text)


def test_a_guest_is_started_seen_spoken_to_and_ended(host: LiveHost, page: Page) -> None:
    guest = host.linux()
    page.goto("/domains")
    page.get_by_role("link", name="demo").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".pill")).to_contain_text("Running")
    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url) if request.url.endswith("/tickets") else None)
    page.get_by_role("link", name="Console").click()
    shows(page, guest.marker)
    page.keyboard.type("echo $((6 * 7)) on $(hostname)\n")
    shows(page, "42 on demo")
    for verb, state in (("pause", "Paused"), ("unpause", "Running")):
        host.ok(verb, "demo")
        expect(page.locator(".pill")).to_contain_text(state)
    assert len(opened) == 1, "a console lasts while the state of its guest changes"
    processes = host.guests()
    host.stop(signal.SIGKILL)
    expect(page.get_by_text("Not connected")).to_be_visible()
    host.start()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.locator(".consolebar").get_by_role("status")).to_have_text("Connected")
    shows(page, "42 on demo")
    page.keyboard.type("echo still $((2 + 2))\n")
    shows(page, "still 4")
    assert host.guests() == processes
    page.get_by_role("button", name="Reboot").click()
    shows(page, guest.marker)
    page.get_by_role("button", name="Destroy").click()
    page.get_by_role("dialog").get_by_role("button", name="Destroy").click()
    expect(page.get_by_text("demo does not run")).to_be_visible()
    until(lambda: "demo" not in host.names(), "it has ended")
    host.nothing_left()


def test_the_screen_of_a_guest_is_drawn(host: LiveHost, page: Page) -> None:
    host.hvm("bios", "vnc = 1\n")
    host.ok("create", "-q", "bios")
    page.goto("/domains/bios/console")
    expect(page.locator(".consolebar").get_by_role("status")).to_have_text("Connected")
    canvas = page.locator(".glass canvas")
    bright = """canvas => {
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        return canvas.width >= 640 && pixels.some((value, index) => index % 4 < 3 && value > 96);
    }"""
    handle = canvas.element_handle()
    page.wait_for_function(bright, arg=handle)
    host.ok("destroy", "bios")
    expect(page.get_by_text(re.compile("bios does not run"))).to_be_visible()


def test_the_clipboard_is_typed_on_the_keyboard_that_the_guest_has(host: LiveHost, page: Page) -> None:
    keyboard = Keyboard(host, "keys", "vnc = 1\n")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/domains/keys/console")
    expect(page.locator(".consolebar").get_by_role("status")).to_have_text("Connected")

    def paste(text: str, layout: str) -> None:
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        page.get_by_role("button", name="Type what is in the clipboard").click()
        page.locator(".menu").get_by_role("button", name=layout, exact=True).click()

    paste("Zä@^", "Deutsch")
    keyboard.has("2a 15 95 aa 28 a8 e0 38 10 90 e0 b8 29 a9 39 b9")
    paste("z", "As in its guest file")
    keyboard.has("2c ac")
    paste("z😀y", "Deutsch")
    expect(page.get_by_role("alert")).to_contain_text("no keys for: 😀")
    page.get_by_role("button", name="Type the rest").click()
    keyboard.has("15 95 2c ac")
    page.reload()
    page.get_by_role("button", name="Type what is in the clipboard").click()
    expect(page.locator(".menu").get_by_role("button", name="Deutsch")).to_have_attribute("aria-current", "true")
    host.ok("destroy", "keys")


def test_a_guest_file_is_complained_of_and_saved_and_what_runs_is_compared(host: LiveHost, page: Page) -> None:
    guest = host.linux()
    host.ok("create", "-q", "demo")
    page.goto("/domains/demo/file")
    text = page.get_by_role("textbox", name="Guest file")
    expect(text).to_have_value(guest.file.read_text())
    expect(page.get_by_text("What runs is as its guest file wants it.")).to_be_visible()
    before = text.input_value()
    text.fill(f"{before}vcpus = [\n")
    expect(page.get_by_text("1 errors: it cannot be saved")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_have_attribute("aria-disabled", "true")
    text.fill(f"{before}memroy = 1\ntags = ['mine']\non_crash = 'preserve'\nvcpus = 2\n")
    expect(page.get_by_text("did you mean memory?")).to_be_visible()
    page.get_by_role("link", name="Snapshots").click()
    expect(page.get_by_text("There is no snapshot yet.")).to_be_visible()
    page.get_by_role("link", name="Guest file").click()  # what was typed is still there
    expect(text).to_have_value(f"{before}memroy = 1\ntags = ['mine']\non_crash = 'preserve'\nvcpus = 2\n")
    with guest.file.open("a") as file:
        file.write("# theirs\n")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("It was changed on the host meanwhile.")).to_be_visible()
    assert guest.file.read_text() == f"{before}# theirs\n"
    page.get_by_role("button", name="Save mine over it").click()
    expect(page.get_by_text("Saved as version")).to_be_visible()
    assert "memroy = 1" in guest.file.read_text()
    assert "# theirs" not in guest.file.read_text()
    row = page.get_by_role("row")
    expect(row.filter(has_text="vcpus")).to_contain_text("at next start")
    expect(row.filter(has_text="on_crash")).to_contain_text("now, by xm apply")
    host.ok("destroy", "demo")
    host.nothing_left()


def test_tags_are_given_to_several_and_to_one_and_the_rest_of_the_files_stays(host: LiveHost, page: Page) -> None:
    one = host.linux("one").file
    two = host.linux("two").file
    before, other = one.read_text(), two.read_text() + "tags = [ 'old',  # of old\n         'both' ]\n"
    two.write_text(other)
    page.goto("/domains")
    for name in ("one", "two"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("button", name="Tags…").click()
    dialog = page.get_by_role("dialog", name="Tags of 2 domains")
    expect(dialog.get_by_role("checkbox", name="both")).to_have_js_property("indeterminate", True)
    expect(dialog.get_by_role("button", name="Save tags")).to_have_attribute("aria-disabled", "true")
    dialog.get_by_role("checkbox", name="old").check()
    dialog.get_by_role("checkbox", name="old").uncheck()
    dialog.get_by_label("Another tag").fill("no such")
    expect(dialog.get_by_label("Another tag")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Another tag").fill("new")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_text("xm config remove two tags old")).to_be_visible()
    two.write_text(other.replace("'both'", "'both', 'theirs'"))  # meanwhile, by somebody else
    dialog.get_by_role("button", name="Save tags").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("row", name="two").locator(".tag")).to_have_text([re.compile("."), "both", "theirs", "new"])
    assert one.read_text() == f'{before}tags = ["new"]\n'
    assert two.read_text() == other.replace("'old',  # of old", "# of old").replace("'both'", "'both', 'theirs', 'new'")
    page.get_by_role("link", name="one").click()
    page.get_by_role("button", name="Tags…").click()
    dialog = page.get_by_role("dialog", name="Tags of one")
    dialog.get_by_role("checkbox", name="new").uncheck()
    dialog.get_by_label("Another tag").fill("alone")
    page.keyboard.press("Enter")
    one.rename(one.with_suffix(".away"))
    dialog.get_by_role("button", name="Save tags").click()
    expect(dialog.get_by_role("alert")).to_contain_text("one: there is no guest file")
    one.with_suffix(".away").rename(one)
    dialog.get_by_role("button", name="Save tags").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name="alone", exact=True)).to_be_visible()
    assert one.read_text() == f'{before}tags = ["alone"]\n'


def test_snapshots_are_taken_gone_back_to_and_deleted(host: LiveHost, page: Page) -> None:
    guest = host.linux()
    host.ok("create", "-q", "demo")
    page.goto("/domains/demo/console?kind=text")
    shows(page, guest.marker)
    page.get_by_role("link", name="Snapshots").click()
    expect(page.get_by_text("There is no snapshot yet.")).to_be_visible()
    page.get_by_label("Name").fill("first")
    page.get_by_label("Description").fill("before all else")
    page.get_by_label("With its memory").check()
    page.get_by_role("button", name="Take snapshot").click()
    rows = page.locator(".snapshots li")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("before all else")
    expect(rows.first).to_contain_text("disks and memory")
    page.get_by_label("Name").fill("second")
    page.get_by_label("With its memory").uncheck()
    page.get_by_role("button", name="Take snapshot").click()
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("now")
    domid = host.domain("demo")["domid"]
    rows.first.get_by_role("button", name="Go back").click()
    page.get_by_role("dialog").get_by_role("button", name="Go back").click()
    expect(rows.first).to_contain_text("now")
    assert host.domain("demo")["domid"] != domid
    expect(page.get_by_role("alert")).to_have_count(0)
    rows.nth(1).get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Events", exact=True).last.click()
    jobs = page.get_by_role("region", name="Jobs: demo").get_by_role("listitem")
    expect(jobs.first).to_have_text(re.compile("snapshot delete demo.*Done"))
    asked = page.get_by_role("region", name="Audit: demo").get_by_role("row")
    expect(asked.nth(1)).to_have_text(re.compile("snapshots.*200"))
    host.ok("destroy", "demo")


def test_an_image_is_made_and_plugged_in_and_out(host: LiveHost, page: Page) -> None:
    guest = host.linux()
    host.ok("create", "-q", "demo")
    page.goto("/images")
    page.get_by_label("New image").fill("more.qcow2")
    page.get_by_label("Size").fill("0.25")
    page.get_by_role("button", name="Make image").click()
    row = page.get_by_role("row").filter(has_text="more.qcow2")
    expect(row).to_contain_text("256 MiB")
    page.get_by_label("New image").fill("more.qcow2")
    page.get_by_role("button", name="Make image").click()
    expect(page.get_by_role("alert")).to_contain_text("more.qcow2")
    row.get_by_role("button", name="Resize").click()
    page.get_by_role("dialog").get_by_label("Size").fill("0.5")
    page.get_by_role("button", name="Resize it").click()
    expect(row).to_contain_text("512 MiB")
    image = host.images / "more.qcow2"
    assert image.exists()

    page.goto("/domains/demo/console")
    shows(page, guest.marker)
    page.get_by_role("link", name="Disks and cards").click()
    page.get_by_role("combobox", name="Image").fill(str(image))
    page.get_by_role("button", name="Plug in a disk").click()
    expect(page.get_by_role("cell", name="xvdb", exact=True)).to_be_visible()
    assert "more.qcow2" in guest.file.read_text()
    page.goto("/images")
    expect(row).to_contain_text("demo xvdb")
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("alert")).to_contain_text("demo")
    page.goto("/domains/demo/devices")
    page.get_by_role("row", name="xvdb").get_by_role("button", name="Unplug").click()
    page.get_by_role("dialog").get_by_role("button", name="Unplug").click()
    expect(page.get_by_role("cell", name="xvdb", exact=True)).to_have_count(0)
    assert "more.qcow2" not in guest.file.read_text()
    page.get_by_role("button", name="Link down").click()
    expect(page.get_by_role("cell", name="down", exact=True)).to_be_visible()
    page.get_by_role("button", name="Plug in a card").click()
    expect(page.get_by_role("button", name="Link down")).to_have_count(1)  # beside the one that is down
    page.goto("/audit")
    expect(page.get_by_role("row").filter(has_text="block-attach").first).to_contain_text("administrator")
    page.goto("/images")
    row.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    assert not image.exists()


def test_what_is_plugged_into_a_domain_that_is_off_is_in_its_guest_file(host: LiveHost, page: Page) -> None:
    guest = host.linux()
    image = host.images / "more.img"
    image.write_bytes(bytes(1 << 20))
    page.goto("/domains/demo/devices")
    expect(page.get_by_text("demo does not run.")).to_be_visible()
    page.get_by_role("combobox", name="Image").fill(str(image))
    page.get_by_role("combobox", name="Format").select_option("raw")
    page.get_by_role("textbox", name="Device").fill("xvdb")
    page.get_by_role("button", name="Plug in a disk").click()
    expect(page.get_by_role("combobox", name="Image")).to_have_value("")
    assert str(image) in guest.file.read_text()
    page.get_by_role("combobox", name="Image").fill(str(image))
    page.get_by_role("textbox", name="Device").fill("xvdb")
    page.get_by_role("button", name="Plug in a disk").click()
    expect(page.get_by_role("alert")).to_contain_text("xvdb")
    host.ok("create", "-q", "demo")
    expect(page.get_by_role("cell", name="xvdb", exact=True)).to_be_visible()


def test_a_medium_is_inserted_and_ejected(host: LiveHost, page: Page) -> None:
    iso = host.images / "a.iso"
    iso.parent.mkdir(parents=True, exist_ok=True)
    iso.write_bytes(bytes(1 << 20))
    file = host.hvm("bios", "disk = ['format=raw,vdev=hdc,devtype=cdrom']\n")
    host.ok("create", "-q", "bios")
    page.goto("/domains/bios/devices")
    drive = page.get_by_role("row").filter(has_text="hdc")
    expect(drive).to_contain_text("no medium")
    for path in (iso.with_name("none.iso"), iso):
        drive.get_by_role("button", name="Insert").click()
        page.get_by_role("dialog").get_by_label("Image of the medium").fill(str(path))
        page.get_by_role("dialog").get_by_role("button", name="Insert").click()
        if path != iso:
            expect(page.get_by_role("alert")).to_contain_text("none.iso")
    expect(drive).to_contain_text("a.iso")
    assert str(iso) in file.read_text()
    drive.get_by_role("button", name="Eject").click()
    expect(drive).to_contain_text("no medium")
    assert str(iso) not in file.read_text()
    host.ok("destroy", "bios")


def asked(page: Page, kind: str, **said: str) -> None:
    """The form for a new domain, filled."""
    page.goto(f"/domains/new/{kind}?{urlencode(said)}")


def test_a_guest_is_made_from_a_kernel_and_boots(host: LiveHost, page: Page) -> None:
    guest = host.linux()
    page.goto("/domains")
    page.get_by_role("button", name="New domain").click()
    page.get_by_role("link", name="From kernel").click()
    page.get_by_label("Name", exact=True).fill("made")
    page.get_by_label("Kernel", exact=True).fill(str(guest.kernel))
    page.get_by_label("Ramdisk", exact=True).fill(str(guest.ramdisk))
    page.get_by_label("Words for the kernel").fill("xenia.guest=made")
    page.get_by_label("Memory in MiB").fill("96")
    page.get_by_label("Size in GiB").fill("1")
    image = host.images / "made/disk.qcow2"
    expect(page.locator("code")).to_contain_text(f"xm disk create {image} 1g")
    expect(page.get_by_text("Nothing to complain of")).to_be_visible()
    text = page.get_by_role("region", name="Guest file").text_content()
    page.get_by_role("button", name="Make and start domain").click()
    expect(page).to_have_url(re.compile("/domains/made$"))
    expect(page.locator(".pill")).to_contain_text("Running")
    assert (host.root / "etc/xen/made.cfg").read_text() == text
    assert json.loads(host.ok("disk", "info", "-o", "json", str(image)))["image"]["size"] == 1 << 30
    page.get_by_role("link", name="Console").click()
    shows(page, guest.marker.replace("demo", "made"))
    host.ok("destroy", "made")
    host.nothing_left()


SAYS = bytes.fromhex("0e1f e80000 5e 83c613 baf803 fc ac 84c0 7403 ee ebf8 f4 ebfd")
"""A boot sector: the text behind it is said on the first serial port, and the CPU halted."""


def bootable_cd(text: str) -> bytes:
    """An image of a CD that a BIOS starts, and that says `text` (El Torito 1.0, without emulation)."""
    sectors = [bytearray(2048) for _ in range(64)]
    sectors[16][:7] = b"\1CD001\1"
    sectors[17][:30] = b"\0CD001\1EL TORITO SPECIFICATION"
    sectors[17][0x47] = 19
    sectors[18][:7] = b"\xffCD001\1"
    sectors[19][:32] = b"\1" + bytes(27) + b"\xaa\x55\x55\xaa"
    sectors[19][32:44] = b"\x88\0\0\0\0\0\4\0\x14\0\0\0"
    code = SAYS + text.encode() + b"\0"
    sectors[20][: len(code)] = code
    return b"".join(sectors)


def test_a_guest_is_made_from_a_cd_and_starts_it_since_its_disk_is_empty(host: LiveHost, page: Page) -> None:
    iso = host.images / "a cd, of old.iso"
    iso.write_bytes(bootable_cd("the CD was started"))
    asked(page, "iso", name="fromcd", iso=str(iso), size="1", memory="64", vcpus="1")
    page.get_by_role("button", name="Without card 1").click()
    expect(page.get_by_text("Nothing to complain of")).to_be_visible()
    page.get_by_role("button", name="Make and start domain").click()
    expect(page).to_have_url(re.compile("/domains/fromcd$"))
    page.goto("/domains/fromcd/console?kind=text")
    shows(page, "the CD was started")
    host.ok("destroy", "fromcd")
    host.nothing_left()


def test_what_is_made_when_something_fails_is_said_and_used(host: LiveHost, page: Page) -> None:
    iso = host.images / "empty.iso"
    iso.write_bytes(bytes(1 << 20))
    other = host.root / "etc/xen/web.cfg"
    other.write_text("name = 'another'\nmemory = 64\nkernel = '/k'\n")
    asked(page, "iso", name="web", iso=str(iso), size="1", memory="64", start="no")
    page.get_by_role("button", name="Make domain").click()
    alert, image = page.get_by_role("alert"), host.images / "web/disk.qcow2"
    expect(alert).to_contain_text("web could not be defined. There is no domain yet.")
    expect(page.get_by_text(f"The image {image} is made.")).to_be_visible()
    expect(page.get_by_text(f"Removing it: xm disk delete {image}")).to_be_visible()
    assert image.exists()
    made = image.stat()
    page.get_by_label("Image", exact=True).fill(str(host.images / "elsewhere.qcow2"))
    expect(page.get_by_text(f"It is not used now. Removing it: xm disk delete {image}")).to_be_visible()
    page.get_by_label("Image", exact=True).fill("")
    expect(page.get_by_text("Nothing to complain of")).to_be_visible()
    other.unlink()
    page.get_by_role("button", name="Try again").click()
    expect(page).to_have_url(re.compile("/domains/web$"))
    expect(page.locator(".pill")).to_contain_text("Stopped")
    assert (image.stat().st_ino, image.stat().st_mtime_ns) == (made.st_ino, made.st_mtime_ns)
    asked(page, "iso", name="two", iso=str(iso), path=str(image), size="1", memory="64")
    expect(page.get_by_text("There is such an image already")).to_be_visible()
    expect(page.get_by_role("button", name="Make and start domain")).to_have_attribute("aria-disabled", "true")


def test_a_start_that_fails_leaves_what_is_defined_and_is_tried_again(host: LiveHost, page: Page) -> None:
    guest = host.linux()
    asked(page, "kernel", name="late", kernel=str(guest.kernel), disk="none", memory="64", network="none")
    expect(page.get_by_text("Nothing to complain of")).to_be_visible()
    hidden = guest.kernel.rename(guest.kernel.with_suffix(".away"))
    page.get_by_role("button", name="Make and start domain").click()
    expect(page.get_by_role("alert")).to_contain_text("late is defined, but could not be started.")
    expect(page.get_by_role("alert")).to_contain_text(f"'{guest.kernel}' does not exist")
    assert (host.root / "etc/xen/late.cfg").exists()
    hidden.rename(guest.kernel)
    page.get_by_role("button", name="Try again").click()
    expect(page).to_have_url(re.compile("/domains/late$"))
    expect(page.locator(".pill")).to_contain_text("Running")
    host.ok("destroy", "late")
    host.nothing_left()


def test_a_guest_that_runs_is_cloned_with_its_memory_and_without(host: LiveHost, page: Page) -> None:
    guest = host.linux()
    host.ok("create", "-q", "demo")
    page.goto("/domains/demo/console?kind=text")
    shows(page, guest.marker)
    page.get_by_role("button", name="Clone").click()
    expect(page.get_by_label("Clone of")).to_have_value("demo")
    page.get_by_label("Name", exact=True).fill("demo")
    expect(page.get_by_text("There is a domain demo already.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("twin")
    page.get_by_label("Begins").select_option("running")
    expect(page.locator("code")).to_contain_text("xm clone --running demo twin")
    page.locator(".newpreview").get_by_role("button", name="Clone", exact=True).click()
    expect(page).to_have_url(re.compile("/domains/twin$"))
    expect(page.locator(".pill")).to_contain_text("Running")
    expect(page.locator(".job").filter(has_text="clone")).to_contain_text("Done")
    asked(page, "clone", of="demo", name="many", count="2", disks="full")
    page.locator(".newpreview").get_by_role("button", name="Clone", exact=True).click()
    expect(page.get_by_role("link", name="many-2")).to_be_visible()
    assert {"demo", "twin"} <= set(host.names())
    for name in ("twin", "demo"):
        host.ok("destroy", name)
    host.nothing_left()
