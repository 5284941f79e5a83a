#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""shmx-reader.py - a reader of SHMX rings, by the book and by nothing else

The book is doc/shmx-format.md; the numbers in the comments are those of its
rules. Whoever writes a reader in another language finds here what one needs.
Python has no atomic operations, which is why this runs on x86-64 only: there
aligned accesses and membarrier(2) stand for them (14).
"""
import argparse
import codecs
import ctypes
import fcntl
import hashlib
import json
import mmap
import os
import platform
import re
import select
import signal
import socket
import stat
import struct
import sys
import time
from contextlib import suppress
from types import SimpleNamespace

MAGIC, EXT_MAGIC = 0x48494E415F53484D, 0x334E4950584D4853
EXT_CHECK = 0x33584D53
ENDIAN_TAG, IMAGE_MAGIC, PROTOCOL_MAGIC = 0x01020304, 0x31474D49, 0x584D4853
RECORDS_INSIDE, NAMED = 1, 2
HELLO, WELCOME, READY, ERROR, BYE, MOVED, NUDGE = range(1, 8)
STATIC_DIR, FRAME_STREAM = 0x1000, 0x2000
NOTHING, PUBLISHED, MOVED_ON = 0xFFFF, 2, 4
REGION_MAX, DIRECTORY_MAX, SEQUENCE_MAX = 2**32 - 1, 2**20, 2**48 - 1
CONTROL_AT, CONTROL_DATA = 2048, 2032

# Element types: name, and as struct calls it (2.2).
TYPES = {1: ("bool", "B"), 2: ("i8", "b"), 3: ("u8", "B"), 4: ("i16", "h"),
         5: ("u16", "H"), 6: ("i32", "i"), 7: ("u32", "I"), 8: ("i64", "q"),
         9: ("u64", "Q"), 10: ("f16", "e"), 11: ("bf16", "H"),
         12: ("f32", "f"), 13: ("f64", "d")}
# Pixel formats: name, bytes in a pixel (2.9).
FORMATS = {0x34325258: ("XRGB8888", 4), 0x34325241: ("ARGB8888", 4),
           0x34324258: ("XBGR8888", 4), 0x36314752: ("RGB565", 2),
           0x30335258: ("XRGB2101010", 4), 0x34324752: ("RGB888", 3),
           0x20203852: ("R8", 1)}

# What we look at of section 2's structures: offset, type, name.
HEADER = """0Q magic 8I major 16I endian 20I ext 24Q session
    36I ext_check 48I static_offset 52I static_capacity 60I slots 64I stride
    68I slots_offset 72I capacity 76I reader_slots 80I reader_stride
    84I readers_offset 88I control_offset 92I control_bytes 96I control_stride
    """
EXT = """0Q magic 8I version 12I bytes 16Q session 24Q features
    32Q region_bytes 44I slots 52I holds_max 56I history 60I state 64I meta
    68I damage 72I meta_stride 76I damage_entries 80I map_bytes
    104Q first_sequence"""
META = """0Q sequence 8d sim_time 40I width 44I height 48I stride 52I format
    64I payload_bytes 68I tlv_count 72Q pixels_offset"""
DESC = "0I id 4I type 8I components 16I size 24I name_bytes 28I extra_bytes"
IMAGE = """0I magic 4I width 8I height 12I stride 16I format"""
PLACED = """0I version 4I record 8I holds 12I map_bytes 16Q session
    24Q features 32Q region_bytes 40Q record_bytes"""
PLAIN_FRAME = "0Q session 8Q q 16d sim_time 24I size 28I count 32I checksum"


class Failure(Exception):
    """What is said in one line, with exit status 1."""


class Gone(Exception):
    """There is nobody at the other end of the connection."""


def need(condition, what):
    if not condition:
        raise Failure(what)


def fields(text, data, at=0):
    """A structure's fields, each loaded once (11.1)."""
    return SimpleNamespace(**{name: struct.unpack_from(
        "<" + place[-1], data, at + int(place[:-1]))[0]
        for place, name in zip(*[iter(text.split())] * 2)})


def shown(text):
    """A peer's string, without its control characters (11.7)."""
    text = bytes(text).split(b"\0")[0].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)


libc = ctypes.CDLL(None, use_errno=True)


def barrier():
    """Where no load may pass a store (14)."""
    if libc.syscall(ctypes.c_long(324), 2, 0) < 0:
        error = ctypes.get_errno()
        need(error == 12, "no membarrier(2): " + os.strerror(error))


def fnv(data):
    """The hash of v2.0 after each byte (12.1)."""
    h = 0x14650FB0739D0383
    yield h
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        yield h


def walk(data, count=None):
    """The TLVs of a copy: type, body, where it ends (2.2, 11.5)."""
    at = found = 0
    while at < len(data) if count is None else found < count:
        need(at + 8 <= len(data), "a TLV is cut off")
        kind, length = struct.unpack_from("<II", data, at)
        body, at = data[at + 8:at + 8 + length], at + 8 + length
        need(at <= len(data), "a TLV is cut off")
        at, found = (at + 15) & ~15, found + 1
        yield kind, body, at


class Region:
    """A ring's memory. All of section 2 is checked once (11.2)."""

    def __init__(self, fd):
        size = os.fstat(fd).st_size
        need(128 <= size <= REGION_MAX, "no ring has such a size")
        self.map = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
        self.bytes = memoryview(self.map)
        self.u32 = self.bytes[:size & ~7].cast("I")
        self.u64 = self.bytes[:size & ~7].cast("Q")
        self.head = fields(HEADER, self.bytes)
        check_header(self.head, size)
        self.directory, self.generation = None, 0

    def check_extension(self, w):
        """Against WELCOME, and against the header."""
        h = self.head
        need(h.ext % 64 == 0 and h.ext + 512 <= len(self.bytes)
             and h.ext_check == h.ext ^ EXT_CHECK, "a ring of v2.0: --v2")
        self.ext = e = fields(EXT, self.bytes, h.ext)
        need(e.magic == EXT_MAGIC and e.version == 1, "an unknown extension")
        need(w.session == h.session == e.session and w.features == e.features
             and w.region_bytes == e.region_bytes == len(self.bytes)
             and w.map_bytes == e.map_bytes, "a WELCOME of another ring")
        p, end = e.map_bytes, h.ext + e.bytes
        need(h.static_offset + h.static_capacity <= h.ext and end <= p
             and p % 64 == 0 and h.slots_offset == p - 88
             and h.stride % 64 == 0 and 3 <= h.slots == e.slots <= 64
             and 1 <= e.history <= h.slots - 2 and e.holds_max == 8
             and e.meta_stride == 256 and e.damage_entries == 64
             and e.first_sequence <= SEQUENCE_MAX
             and all(at % 8 == 0 and 512 <= at and at + size <= e.bytes
                     for at, size in ((e.state, 8 * h.slots), (e.damage, 1024),
                                      (e.meta, 256 * h.slots))),
             "a malformed extension")
        records = (h.reader_stride, h.control_offset, h.control_bytes,
                   h.control_stride)
        if e.features & RECORDS_INSIDE:
            need(1 <= h.reader_slots <= 64 and end <= h.readers_offset
                 and h.readers_offset % mmap.PAGESIZE == 0
                 and h.readers_offset + 4096 * h.reader_slots <= p
                 and records == (4096, h.readers_offset + 2048, 2048, 4096),
                 "malformed records")
        else:
            need(not any(records) and not h.reader_slots
                 and not h.readers_offset, "malformed records")

    def word(self, at, size=8):
        """A word of the extension, by one load."""
        at += self.head.ext
        return self.u64[at // 8] if size == 8 else self.u32[at // 4]

    def latest(self):
        """The newest frame and its slot; 0 where there is none."""
        sequence, slot = divmod(self.word(128), 1 << 16)
        if slot == NOTHING:
            return 0, 0
        need(slot < self.head.slots, "a latest frame in no slot")       # 6.5
        return sequence, slot

    def find(self, q):
        """Frame q, or the oldest after it, and its slot: a guess (6.4)."""
        words = [self.word(self.ext.state + 8 * slot)
                 for slot in range(self.head.slots)]
        return min(((word & SEQUENCE_MAX, slot)
                    for slot, word in enumerate(words)
                    if word >> 62 == PUBLISHED and word & SEQUENCE_MAX >= q),
                   default=(0, 0))

    def damage(self, q):
        """x, y, width, height of what changed in frame q, or None (2.16)."""
        at = self.ext.damage + 16 * (q % 64)
        tag, box, again = self.word(at), self.word(at + 8), self.word(at)
        if tag != q or again != q:
            return None
        return [box >> shift & 0xFFFF for shift in (0, 16, 32, 48)]

    def streams(self):
        """The directory, again where it grew (2.11)."""
        at, tries = self.head.static_offset, 0
        while self.directory is None or self.u32[8] != self.generation:
            number = self.word(256, 4)
            generation, want, used = self.u32[8], self.u64[5], self.u32[14]
            need(used <= self.head.static_capacity, "too long a directory")
            copy = bytes(self.bytes[at:at + used])
            hashes, tries = list(fnv(copy)), tries + 1
            if (number % 2 == 0 and number == self.word(256, 4)
                    and hashes[-1] == want):
                self.directory, self.generation = directory(copy), generation
            elif tries > 100:       # its producer is dead, or wrong
                ends = [end for _, _, end in walk(copy)
                        if hashes[min(end, used)] == want]
                need(ends, "a directory that is not what its hash says")
                self.directory = directory(copy[:ends[-1]])
                break
            else:
                time.sleep(0.001)
        return self.directory


def check_header(h, size):
    need(h.magic == MAGIC and h.endian == ENDIAN_TAG, "no SHMX ring")
    need(h.major == 2, "a version we do not know")       # 2.12
    need(h.static_offset % 8 == 0 and h.static_offset >= 128
         and h.static_capacity <= DIRECTORY_MAX
         and h.static_offset + h.static_capacity <= size
         and 24 <= h.capacity <= h.stride - 64
         and h.slots_offset % 8 == 0 and h.stride % 8 == 0
         and h.slots_offset + h.slots * h.stride <= size,
         "a malformed header")


def directory(data):
    """What the directory says of streams, by their ids (2.6, 2.7)."""
    streams = {}
    for kind, body, _ in walk(data):
        if kind != STATIC_DIR:
            continue
        need(len(body) >= 32, "a malformed directory")
        s = fields(DESC, body)
        end = 32 + s.name_bytes
        own = struct.calcsize(TYPES.get(s.type, ("", "0s"))[1]) or s.size
        need(s.id and s.components and s.size and s.id not in streams
             and s.size in (own, own * s.components)
             and end + s.extra_bytes <= len(body) and len(streams) < 256,
             "a malformed directory")
        # All components together, as v2.0 may have it, or one.
        s.element = own * s.components
        s.name, s.extra = shown(body[32:end]), body[end:end + s.extra_bytes]
        streams[s.id] = s
    return streams


def payload(data, count, streams):
    """A frame's streams: description, elements, data (2.17, 2.18)."""
    found = {}
    for kind, body, _ in walk(data, count):
        if kind != FRAME_STREAM:
            continue
        need(len(body) >= 16, "a malformed frame")
        ident, elements, size = struct.unpack_from("<3I", body)
        need(ident not in found and size <= len(body) - 16,
             "a malformed frame")
        s = streams.get(ident)
        if s is not None:           # or it is passed over (2.19)
            need(elements * s.element <= size, "a malformed frame")
            found[ident] = s, elements, body[16:16 + elements * s.element]
    return list(found.values())


def numbers(s, data):
    name, code = TYPES.get(s.type, ("", ""))
    if name == "bf16":              # the upper half of an f32
        data = b"".join(b"\0\0" + data[i:i + 2]
                        for i in range(0, len(data), 2))
        code = "f"
    return code and struct.unpack(
        f"<{len(data) // struct.calcsize(code)}{code}", data)


class Connection:
    """The socket to a producer, and its process (4)."""

    def __init__(self, sock):
        self.sock, self.got, self.fds = sock, b"", []
        pid, uid, _ = struct.unpack("3i", sock.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        need(uid in (os.getuid(), 0), f"user {uid} produces it")
        try:
            self.pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            raise Gone from None

    def send(self, kind, body=b""):
        # One that is not sent, as when a NUDGE finds no room because there
        # are others, is not missed; what ended is seen in receiving.
        with suppress(OSError):
            self.sock.send(struct.pack("<IHH", 8 + len(body), kind, 0) + body,
                           socket.MSG_NOSIGNAL)

    def receive(self):
        """A message: type, body, descriptors; or None, if none is whole."""
        while True:
            size = 8
            if len(self.got) >= 8:
                size, kind = struct.unpack_from("<IH", self.got)
                need(8 <= size <= 4096, "nonsense from its producer")
                if len(self.got) == size:
                    message = kind, self.got[8:], self.fds
                    self.got, self.fds = b"", []
                    return message
            try:
                data, fds, flags, _ = socket.recv_fds(
                    self.sock, size - len(self.got), 0 if self.got else 3)
            except BlockingIOError:
                return None
            except ConnectionError:
                raise Gone from None
            self.fds += fds
            need(not flags & socket.MSG_CTRUNC, "nonsense from its producer")
            if not data:
                raise Gone
            self.got += data

    def close(self):
        close_all(self.fds + [self.pidfd])
        self.sock.close()


def close_all(fds):
    for fd in fds:
        os.close(fd)


def check_seals(fd):
    seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    need(fcntl.fcntl(fd, fcntl.F_GET_SEALS) & seals == seals,
         "memory that is not sealed")


def directories():
    """Where sockets may stand (4, 4.1)."""
    where = [os.environ.get("SHMX_DIR")]
    if not where[0]:
        run = os.environ.get("XDG_RUNTIME_DIR")
        where = [run and run + "/shmx", f"/run/user/{os.getuid()}/shmx",
                 f"/tmp/shmx-{os.getuid()}"]
    for path in filter(None, where):
        with suppress(OSError):
            st = os.stat(path)
            if (stat.S_ISDIR(st.st_mode) and st.st_uid == os.getuid()
                    and not st.st_mode & 0o022):
                yield path


def connect(name):
    """A connection to the producer of NAME, or None."""
    for path in directories():
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            sock.connect(f"{path}/{name}.sock")
            return Connection(sock)
        except BlockingIOError:
            raise Failure("its producer does not listen") from None
        except (FileNotFoundError, ConnectionRefusedError, Gone):
            sock.close()
    return None


def await_producer(name):
    """Sleep until there may be one: a connection, or None (4.3)."""
    watch = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    need(watch >= 0, "inotify: " + os.strerror(ctypes.get_errno()))
    try:
        moved_to = 0x80
        watched = [path for path in directories() if libc.inotify_add_watch(
            watch, os.fsencode(path), moved_to) >= 0]
        # It may have come while nobody watched, and a directory too.
        connection = connect(name)
        if connection is None:
            select.select([watch], [], [], 2 if watched else 0.2)
        return connection
    finally:
        os.close(watch)


class Reader:
    """A reader of one producer, with one hold."""

    def __init__(self, connection, patience):
        self.c, self.end, self.regions = connection, None, []
        self.last = self.skipped = self.sleeps = 0
        self.r64 = self.wake = None
        self.poll = select.poll()
        for fd in self.c.sock, self.c.pidfd:
            self.poll.register(fd, select.POLLIN)
        self.c.send(HELLO, struct.pack(
            "<IHHIIIIQ64s", PROTOCOL_MAGIC, 3, 3, 1, 1, 1, 0, 0,
            b"shmx-reader.py"))
        while (message := self.c.receive()) is None:
            events = dict(self.poll.poll(patience))
            need(events, "its producer does not answer")
            if self.c.sock.fileno() not in events:
                raise Gone
        self.message(*message, first=True)

    def message(self, kind, body, fds, first=False):
        """What a producer may say (4, 10), and where."""
        try:
            if kind == BYE:
                self.end = "ended"
                if first:
                    raise Gone
            elif kind == ERROR and len(body) >= 520:
                self.end = shown(body[8:520])
                need(not first, self.end)
            else:
                expected = (WELCOME, 3) if first else (MOVED, 1)
                need((kind, len(fds)) == expected and len(body) >= 48,
                     "nonsense from its producer")
                w = fields(PLACED, body)
                if not w.features & NAMED:
                    check_seals(fds[0])                             # 11.3
                region = Region(fds[0])
                region.check_extension(w)
                self.regions.append(region)
                if first:
                    self.welcome(w, *fds)
                self.c.send(READY, struct.pack("<II", 1, 0))
        finally:
            close_all(fds)

    def welcome(self, w, data, record, wake):
        head, inside = self.regions[0].head, w.features & RECORDS_INSIDE
        need(w.version == 3 and 1 <= w.holds <= 8
             and w.record_bytes == (0 if inside else 4096), "a wrong WELCOME")
        if inside:                                                  # 4.9
            need(w.record < head.reader_slots
                 and os.path.sameopenfile(record, data), "a wrong record")
        else:
            check_seals(record)
            need(os.fstat(record).st_size == 4096, "a wrong record")
        at = head.readers_offset + 4096 * w.record if inside else 0
        self.record = memoryview(mmap.mmap(record, 4096, mmap.MAP_SHARED,
                                           offset=at))
        self.r64, self.r32 = self.record.cast("Q"), self.record.cast("I")
        self.wake = socket.socket(fileno=os.dup(wake))
        self.wake.setblocking(False)
        self.poll.register(self.wake, select.POLLIN)

    def hold(self, in_order):
        """R1 to R3 of the newest frame, or the next (6.4), if it is new."""
        for attempt in range(64):
            region = self.current(in_order)
            q, slot = region.latest()                               # R1
            if q <= self.last:
                return None
            if in_order:
                least = max(self.last, q - region.ext.history) + 1
                q, slot = region.find(least)
                if not q or q != least and attempt < 8:
                    continue
            self.r64[8] = q << 16 | slot + 1                        # R2
            barrier()
            if (region.word(region.ext.state + 8 * slot)
                    == PUBLISHED << 62 | q and self.valid()):       # R3
                if self.last:
                    self.skipped += q - self.last - 1
                return region, slot, q
            self.release()
        return None

    def valid(self):
        """Is what was read the frame's? (10.7; loads come in order)"""
        return not self.r32[33]

    def release(self):
        self.r64[8] = 0                                             # R5
        barrier()

    def current(self, in_order):
        """The region to look in (10.5), without those that are done with."""
        while len(self.regions) > 1:
            old = self.regions[0]
            if in_order:
                if (old.word(192, 4) != MOVED_ON
                        or old.latest()[0] > self.last):
                    break
            elif not any(new.latest()[0] for new in self.regions[1:]):
                break
            self.regions.pop(0)
        return self.regions[0]

    def news(self):
        return any(region.latest()[0] > self.last for region in self.regions)

    def meta(self, region, slot, q):
        """The meta of a held frame: copied, then checked (11.4)."""
        h = region.head
        m = fields(META, region.bytes, h.ext + region.ext.meta + 256 * slot)
        start = h.slots_offset + slot * h.stride
        need(m.sequence == q and m.payload_bytes <= h.capacity
             and m.tlv_count <= 256, "a malformed frame")
        m.payload = region.bytes[start + 64:start + 64 + m.payload_bytes]
        if m.width or m.height:
            m.name, size = FORMATS.get(m.format, ("", 0))
            m.row = m.width * size
            need(0 < m.row <= m.stride and m.stride % 64 == 0
                 and m.width <= 32767 and 1 <= m.height <= 32767
                 and m.pixels_offset % 4 == 0 and m.pixels_offset >= start + 88
                 and m.pixels_offset + (m.height - 1) * m.stride + m.row
                 <= start + 64 + h.capacity, "a malformed picture")
        return m

    def changed(self, region, q):
        """The box of what changed since the last frame; None: all (2.16)."""
        boxes = [region.damage(n) for n in range(self.last + 1, q + 1)] \
            if 0 < self.last >= q - 64 else [None]
        if None in boxes:
            return None
        left, top = (min(b[i] for b in boxes) for i in (0, 1))
        return [left, top, max(b[0] + b[2] for b in boxes) - left,
                max(b[1] + b[3] for b in boxes) - top]

    def sleep(self, milliseconds=None):
        """S1 to S3 (7), and hear what was said."""
        self.r32[32] = 1                                            # S1
        barrier()
        events = {}
        if not self.news():                                         # S2
            self.sleeps += 1
            events = dict(self.poll.poll(milliseconds))             # S3
        self.r32[32] = 0
        gone = self.c.pidfd in events
        with suppress(BlockingIOError, ConnectionError):
            while self.wake.recv(4096):
                pass
            gone = True
        try:
            while self.end is None and (message := self.c.receive()):
                self.message(*message)
        except Gone:
            gone = True
        if gone and self.end is None:
            self.end = "died" if self.valid() else "sent away"

    def tell(self, kind, text):
        """A control message: C1 to C3 (9); False where it has no room."""
        at, place = CONTROL_AT // 8, CONTROL_AT + 16
        read, written = self.r64[at], self.r64[at + 1]              # C1
        need(read <= written <= read + CONTROL_DATA,
             "nonsense from its producer")
        size = (8 + len(text) + 15) & ~15
        start = written % CONTROL_DATA
        rest = CONTROL_DATA - start
        if size > rest:
            # It is not split (9.1). What fills the rest goes ahead, as both
            # together may have no room ever.
            return self.tell(0, bytes(rest - 8)) and self.tell(kind, text)
        if written + size > read + CONTROL_DATA:
            return False
        struct.pack_into(f"<II{len(text)}s", self.record, place + start,
                         kind, len(text), text)                     # C2
        self.r64[at + 1] = written + size                           # C3
        barrier()
        if self.regions[-1].word(196, 4):
            self.c.send(NUDGE)
        return True

    def close(self):
        if self.r64 is not None:
            self.release()
        if self.wake is not None:
            self.wake.close()


class PlainRing:
    """A ring in /dev/shm as a reader of v2.0 sees it (12).

    Whoever made the object may shrink it: it is read, not mapped (12.11).
    """

    def __init__(self, name):
        self.fd = os.open("/dev/shm/" + name,
                          os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        st = os.fstat(self.fd)
        need(stat.S_ISREG(st.st_mode) and st.st_uid == os.getuid()
             and st.st_nlink == 1, "another user's")
        self.head = h = fields(HEADER, self.read(0, 128))
        check_header(h, st.st_size)
        need(h.slots.bit_count() == 1, "a malformed header")
        self.index = self.last = self.skipped = self.looked = 0

    def read(self, at, size):
        data = os.pread(self.fd, size, at)
        need(len(data) == size, "an object that shrank")
        return data

    def take(self):
        """A copy of the newest frame, or None (12.10)."""
        h = self.head
        index, = struct.unpack("<I", self.read(112, 4))
        if index in (0, self.index):
            return None
        start = h.slots_offset + (index - 1) % h.slots * h.stride
        before = self.read(start, 64)
        f = fields(PLAIN_FRAME, before)
        if not f.q or f.session != h.session or f.size > h.capacity:
            return None
        f.payload = self.read(start + 64, f.size)
        *_, half = fnv(f.payload)
        if (half >> 32 ^ half & 0xFFFFFFFF != f.checksum
                or self.read(start, 64) != before):
            return None
        if self.last:
            self.skipped += max(f.q - self.last - 1, 0)
        self.index, self.last = index, f.q
        return f

    def streams(self):
        for _ in range(100):            # it may be growing
            want, _, _, used = struct.unpack("<QIII", self.read(40, 20))
            need(used <= self.head.static_capacity, "too long a directory")
            copy = self.read(self.head.static_offset, used)
            *_, half = fnv(copy)
            if half == want:
                return directory(copy)
            time.sleep(0.001)
        raise Failure("a directory that is not what its hash says")

    def gone(self):
        """12.12; a lock that is ours for an instant is in nobody's way."""
        if time.monotonic() < self.looked + 0.2:
            return False
        self.looked, h = time.monotonic(), self.head
        now = fields(HEADER, self.read(0, 128))
        if (os.fstat(self.fd).st_nlink == 0
                or (now.magic, now.session) != (h.magic, h.session)):
            return True
        if h.ext_check != h.ext ^ EXT_CHECK:
            return False                # nobody locks a ring of v2.0
        try:
            fcntl.flock(self.fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self.fd, fcntl.LOCK_UN)
        return True


def hash_rows(view, offset, stride, row, height):
    digest = hashlib.blake2b(digest_size=8)
    for y in range(height):
        digest.update(view[offset + y * stride:offset + y * stride + row])
    return digest.hexdigest()


def describe(s, elements, data):
    """A stream, as it is told; all of its numbers where they are few."""
    told = {"name": s.name, "type": TYPES.get(s.type, ("unknown",))[0],
            "components": s.components, "elements": elements}
    values = numbers(s, data)
    if values:
        told.update(min=min(values), max=max(values))
        if len(values) <= 64:
            told["values"] = values
    return told


def say(event):
    if options.json:
        print(json.dumps(event), flush=True)
        return
    streams = event.pop("streams", [])
    print(*(f"{key}={value}" for key, value in event.items()), flush=True)
    for told in streams:
        print(" ", *(f"{key}={value}" for key, value in told.items()),
              flush=True)


def say_held(reader, region, slot, q):
    m = reader.meta(region, slot, q)
    event = {"frame": q, "time": m.sim_time, "skipped": reader.skipped}
    if m.width:
        event.update(format=m.name, width=m.width, height=m.height,
                     damage=reader.changed(region, q))
    pixels = options.pixels_hash and m.width and (
        region.bytes, m.pixels_offset, m.stride, m.row, m.height)
    if pixels:
        event["hash"] = hash_rows(*pixels)
    if options.dump_streams:
        known = region.streams()
        event["streams"] = [describe(*one) for one in payload(
            bytes(m.payload), m.tlv_count, known)]
    if options.hold:
        time.sleep(options.hold)
        event["passed"] = reader.regions[-1].latest()[0] - q
        if pixels:
            event["hash_after"] = hash_rows(*pixels)
    need(reader.valid(), "sent away")
    say(event)


def say_plain(ring, f):
    event = {"frame": f.q, "time": f.sim_time, "skipped": ring.skipped}
    streams = payload(f.payload, f.count, ring.streams())
    if options.pixels_hash and streams and len(streams[0][0].extra) >= 32:
        stream, _, data = streams[0]
        i = fields(IMAGE, stream.extra)
        row = i.width * FORMATS.get(i.format, ("", 0))[1]
        if (i.magic == IMAGE_MAGIC and 0 < row <= i.stride
                and (i.height - 1) * i.stride + row <= len(data)):
            event["hash"] = hash_rows(data, 0, i.stride, row, i.height)
    if options.dump_streams:
        event["streams"] = [describe(*one) for one in streams]
    say(event)


def follow(reader, frames):
    """Tell the frames of one producer: how it ended, how many there are."""
    messages = list(options.send)
    while frames != options.frames:
        while messages and reader.tell(*messages[0]):
            messages.pop(0)
        held = reader.hold(options.in_order)
        if held:
            try:
                say_held(reader, *held)
            finally:
                reader.release()
            reader.last, frames = held[2], frames + 1
        elif reader.end:
            return reader.end, frames
        else:
            # Nobody says that there is room for messages again.
            reader.sleep(20 if messages else None)
    need(not messages, f"no room for {len(messages)} of the messages")
    return "enough", frames


def read_native():
    """Follow the producers of the name, or the one that is there."""
    how, frames = None, 0
    while how is None or options.wait and how != "enough":
        find = await_producer if options.wait else connect
        connection = find(options.name)
        if connection is None:
            need(options.wait, "nothing produces it")
            continue
        reader = None
        try:
            reader = Reader(connection, None if options.wait else 10000)
            how, frames = follow(reader, frames)
        except Gone:
            need(options.wait, "its producer has gone")
            continue
        finally:
            if reader:
                reader.close()
            connection.close()
        say({"end": how, "frames": frames, "skipped": reader.skipped,
             "sleeps": reader.sleeps})
    need(how != "died", "its producer has died")
    need(how in ("ended", "enough"), how)
    need(how == "enough" or not options.frames, "it ended before that")


def read_plain():
    ring = None
    while ring is None:
        try:
            ring = PlainRing(options.name)
        except FileNotFoundError:
            need(options.wait, "nothing produces it")
            time.sleep(0.05)
    frames = 0
    while frames != options.frames:
        f = ring.take()
        if f:
            say_plain(ring, f)
            frames += 1
        elif ring.gone():
            break
        else:
            time.sleep(0.001)       # in v2.0 nobody is woken
    need(frames == options.frames or not options.frames,
         "it ended before that")


def option(what, convert):
    """For argparse: it says that what is given is not WHAT."""
    def checked(text):
        with suppress(ValueError):
            return convert(text)
        raise argparse.ArgumentTypeError(f"'{text}' is no {what}")
    return checked


def to_message(text):
    kind, colon, body = text.partition(":")
    body = codecs.escape_decode(os.fsencode(body))[0]
    if not colon or not 0 < int(kind, 0) < 2**32 or len(body) > 2024:
        raise ValueError
    return int(kind, 0), body


def to_name(text):
    if not re.fullmatch(r"/?[A-Za-z0-9._-]{1,64}", text):
        raise ValueError
    return text.lstrip("/")


def to_count(text):
    if int(text) < 1:
        raise ValueError
    return int(text)


def parse():
    parser = argparse.ArgumentParser(
        prog="shmx-reader.py", description="Read the ring NAME as "
        "doc/shmx-format.md says, and tell of each frame in a line.",
        epilog="Exit status: 0; 1 when it did not work, or the producer died; "
        "2 when called wrongly.")

    def wrong(text):
        sys.stderr.write(f"shmx-reader.py: {text}\n")
        sys.exit(2)

    parser.error = wrong
    add = parser.add_argument
    add("name", metavar="NAME", type=option("name for a ring", to_name))
    add("--frames", metavar="N", type=option("number of frames", to_count),
        help="end after N frames")
    add("--in-order", action="store_true", help="the next frame where the "
        "ring has it still, not the newest")
    add("--dump-streams", action="store_true", help="tell of the streams")
    add("--pixels-hash", action="store_true", help="sum up the pixels, row by "
        "row: BLAKE2b, 8 bytes")
    add("--hold", metavar="SECONDS", type=float, default=0, help="hold each "
        "frame so long, and sum it up again then")
    add("--wait", action="store_true", help="wait for a producer, and for the "
        "next one when it ends")
    add("--send", metavar="TYPE:TEXT", type=option("message", to_message),
        action="append", default=[], help="first send the producer a message; "
        r"TEXT may have \xHH in it")
    add("--v2", action="store_true", help="read /dev/shm/NAME as SHMX v2.0, "
        "by polling")
    add("--json", action="store_true", help="a JSON object a line")
    parsed = parser.parse_args()
    if parsed.v2 and (parsed.send or parsed.hold or parsed.in_order):
        wrong("--v2 can neither hold nor send")
    return parsed


def main():
    try:
        need(platform.machine() == "x86_64", "this needs x86-64")
        read_plain() if options.v2 else read_native()
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except (Failure, OSError) as error:
        sys.exit(f"shmx-reader.py: {options.name}: {error}")


if __name__ == "__main__":
    options = parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
