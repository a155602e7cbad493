#!/usr/bin/env python3
"""What a build costs, by crate, and what the phone's library consists of; into the tables of README.md.

CPU time and not wall time, so that it says the same on a busy machine: each process that cargo starts (a compiler, a
build script) is counted with all that it starts.

    cost.py library | server
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICK = os.sysconf("SC_CLK_TCK")
BUILDS = {
    "library": ["--profile", "phone", "-p", "firsthours-bindings"],
    "server": ["--release", "-p", "firsthours-server"],
}
# The first that fits a demangled name says whose it is; C names come last.
PARTS = [
    ("OpenSSL for SQLCipher; other C", r""),
    ("zstd", r"^(ZSTD|HUF|FSE|HIST|XXH|zstd|ERR_getErrorString|POOL)|\bzstd(_safe|_sys)?::"),
    ("SQLite and SQLCipher", r"^(sqlite3|sqlcipher|fts[35]|rtree|yy|vdbe|btree|pager|wal|unix|where|json|select)"
     r"|\b(rusqlite|libsqlite3_sys|fallible_\w+|hashlink)::"),
    ("network: reqwest, hyper, tokio, rustls, ring",
     r"\b(reqwest|hyper|hyper_util|hyper_rustls|http|http_body\w*|h2|tokio|tokio_\w+|tower\w*|rustls|rustls_pki_types|webpki|ring"
     r"|url|idna\w*|icu_\w+|futures_\w+|mio|socket2|httparse|untrusted|bytes|percent_encoding|form_urlencoded|ipnet)::"
     r"|^ring_core_|^(x25519|p256|p384|ecp_nistz|bn_mul|bn_from|gcm_|aes_hw|vpaes|chacha20|fiat_|GFp)"),
    ("time zones: chrono", r"\bchrono\w*::"),
    ("signatures and hashes", r"\b(ed25519\w*|curve25519_dalek|sha2|signature|digest|block_buffer|subtle|zeroize)::"),
    ("uniffi", r"\buniffi\w*::|uniffi_|UNIFFI"),
    ("JSON: serde", r"\b(serde|serde_core|serde_json|itoa|memchr|ryu|zmij)::"),
    ("Rust's own library", r"\b(std|core|alloc|gimli|addr2line|rustc_demangle|hashbrown|miniz_oxide|object)::|^rust_|^__rust|^_Unwind"),
    ("First Hours", r"\b(firsthours\w*)::|\bfirsthours"),
]


def stat(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        fields = (text := file.read())[text.rindex(")") + 2 :].split()
    return int(fields[1]), int(fields[19]), sum(int(field) for field in fields[11:15])


def crate_of(pid):
    with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
        arguments = file.read().split("\0")
    if "--crate-name" in arguments:
        return arguments[arguments.index("--crate-name") + 1]
    script = re.search(r"/build/([^/]+?)-[0-9a-f]{16}/", arguments[0])
    return f"{script.group(1)} (C, by its build script)" if script else None


def counted(command, environment):
    """Runs cargo; gives seconds of CPU by crate."""
    cargo = subprocess.Popen(command, cwd=ROOT, env=environment)
    names, spent = {}, {}
    while cargo.poll() is None:
        seen = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    seen[int(entry)] = stat(entry)
                except (OSError, ValueError):
                    pass
        children = {}
        for pid, (parent, _, _) in seen.items():
            children.setdefault(parent, []).append(pid)
        for top in children.get(cargo.pid, []):
            key = (top, seen[top][1])
            if names.get(key) is None:
                try:
                    names[key] = crate_of(top)
                except OSError:
                    continue
            total, below = seen[top][2], list(children.get(top, []))
            while below:
                pid = below.pop()
                total += seen[pid][2]
                below += children.get(pid, [])
            spent[key] = max(spent.get(key, 0), total)
        time.sleep(0.1)
    if cargo.returncode:
        sys.exit(cargo.returncode)
    by_crate = {}
    for key, ticks in spent.items():
        if names.get(key):
            by_crate[names[key]] = by_crate.get(names[key], 0) + ticks / TICK
    return by_crate


def cost_table(by_crate):
    total = sum(by_crate.values())
    lines = ["| crate | CPU seconds | share |", "|---|---|---|"]
    dearest = sorted(by_crate.items(), key=lambda item: -item[1])[:10]
    lines += [f"| {name} | {seconds:.0f} | {100 * seconds / total:.0f} % |" for name, seconds in dearest]
    rest = total - sum(seconds for _, seconds in dearest)
    lines.append(f"| all others | {rest:.0f} | {100 * rest / total:.0f} % |")
    lines.append(f"| **all** | **{total:.0f}** | |")
    return "\n".join(lines)


def size_table(library):
    stripped = Path(tempfile.mkdtemp()) / "stripped"
    subprocess.run(["strip", "-o", stripped, library], check=True)
    size = stripped.stat().st_size
    shutil.rmtree(stripped.parent)
    sections = subprocess.run(["size", "-A", library], check=True, capture_output=True, text=True).stdout
    of_section = dict(re.findall(r"^(\.\S+)\s+(\d+)", sections, re.M))
    symbols = subprocess.run(["nm", "-C", "-S", "--defined-only", library], check=True, capture_output=True, text=True)
    parts = {name: 0 for name, _ in PARTS}
    for line in symbols.stdout.splitlines():
        found = re.match(r"[0-9a-f]+ ([0-9a-f]+) ([a-zA-Z]) (.*)", line)
        if not found or found.group(2) in "bB":
            continue
        # Whose code a generic function is made for counts more than where it was written.
        name = next(name for name, pattern in reversed(PARTS) if re.search(pattern, found.group(3)))
        parts[name] += int(found.group(1), 16)
    unwind = sum(int(of_section.get(name, 0)) for name in (".eh_frame", ".eh_frame_hdr", ".gcc_except_table"))
    linking = sum(int(of_section.get(name, 0)) for name in (".rela.dyn", ".dynsym", ".dynstr", ".gnu.hash"))
    parts["unwinding tables (a panic must not kill the app)"] = unwind
    parts["linking: relocations and exported names"] = linking
    parts["constants without a name: texts, time zone data"] = size - sum(parts.values())
    lines = ["| part | KiB | share |", "|---|---|---|"]
    for name, count in sorted(parts.items(), key=lambda item: -item[1]):
        lines.append(f"| {name} | {count / 1024:.0f} | {100 * count / size:.0f} % |")
    lines.append(f"| **the library, stripped (x86-64)** | **{size / 1024:.0f}** | |")
    return "\n".join(lines)


def write(section, text):
    page = HERE / "README.md"
    before, rest = page.read_text(encoding="utf-8").split(f"<!-- begin {section} -->\n")
    after = rest.split(f"<!-- end {section} -->")[1]
    day = time.strftime("%Y-%m-%d", time.gmtime())
    page.write_text(f"{before}<!-- begin {section} -->\n{day}.\n\n{text}\n<!-- end {section} -->{after}", encoding="utf-8")


def main():
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what not in BUILDS:
        sys.exit(__doc__)
    target = tempfile.mkdtemp(prefix="first-hours-build-")
    try:
        environment = {**os.environ, "CARGO_TARGET_DIR": target}
        by_crate = counted(["cargo", "build", "--locked", *BUILDS[what]], environment)
        text = cost_table(by_crate)
        if what == "library":
            text = size_table(Path(target) / "phone" / "libfirsthours.so") + "\n\n" + text
        write(what, text)
        print(text)
    finally:
        shutil.rmtree(target, ignore_errors=True)


if __name__ == "__main__":
    main()
