//! The table of C functions between SQLite and the platform's file layer.
//!
//! Each function does what the platform's does, on the platform's own file; those that change a file ask the
//! [`State`] of its folder first and tell it after. Files outside watched folders pass through.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::path::Path;
use std::ptr;
use std::sync::{Arc, Mutex, Once};

use rusqlite::ffi::{self, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use crate::disk::{Call, State, Verdict, lock, watched};
use crate::platter::{Change, Inode};

/// What SQLite holds of an open file. The platform's own lies behind it in the same allocation.
#[repr(C)]
struct Shim {
    base: sqlite3_file,
    /// Owned by this file from `open` to `close`; null for a file that is not watched.
    tracked: *mut Tracked,
}

struct Tracked {
    disk: Arc<Mutex<State>>,
    inode: Inode,
    /// The first sync makes the folder's names durable too: the platform does so for journals and logs.
    sync_folder: bool,
}

/// Registers the shim as the process's default, once. Connections opened before go on without it.
///
/// # Panics
///
/// When SQLite has no file layer to wrap: then there is nothing to test.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: no memory of ours is involved; it may be called from any thread, any number of times.
        let started = unsafe { ffi::sqlite3_initialize() };
        assert_eq!(started, ffi::SQLITE_OK, "SQLite does not start");
        // SAFETY: null asks for the default; what comes back is static or null.
        let real = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
        assert!(!real.is_null(), "SQLite has no file layer");
        // SAFETY: not null, and the platform's table never changes once registered.
        let of_platform = unsafe { *real };
        let size = c_int::try_from(size_of::<Shim>()).expect("two pointers");
        let shim = Box::new(sqlite3_vfs {
            // Version 3 adds the replacing of system calls, which nobody here does.
            iVersion: 2,
            szOsFile: size + of_platform.szOsFile,
            pNext: ptr::null_mut(),
            zName: c"power".as_ptr(),
            pAppData: real.cast(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            // No extension is ever loaded.
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(get_last_error),
            xCurrentTimeInt64: Some(current_time_int64),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
            ..of_platform
        });
        // SAFETY: the table is leaked, so it lives as long as SQLite may use it, and every function in it keeps the
        // contract of its slot.
        let registered = unsafe { ffi::sqlite3_vfs_register(Box::leak(shim), 1) };
        assert_eq!(registered, ffi::SQLITE_OK, "SQLite refuses the file layer");
    });
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    // Version 3 adds memory-mapped reads, which are off; without them no write can pass by the shim.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(file_lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Calls a function of the platform's table on its own file, and gives what it gives.
macro_rules! platform {
    ($file:ident.$function:ident($($argument:expr),*)) => {{
        let real = real_file($file);
        // SAFETY: SQLite calls with a file that `open` made; the platform's file behind it has its table of functions
        // until it is closed, and the arguments are SQLite's own.
        unsafe {
            let table = &*(*real).pMethods;
            (table.$function.expect("the platform's file layer is whole"))(real $(, $argument)*)
        }
    }};
}

/// Calls a function of the platform's file layer.
macro_rules! layer {
    ($vfs:ident.$function:ident($($argument:expr),*)) => {{
        // SAFETY: `install` put the platform's table there, which is static; the arguments are SQLite's own.
        unsafe {
            let real = (*$vfs).pAppData.cast::<sqlite3_vfs>();
            ((*real).$function.expect("the platform's file layer is whole"))(real $(, $argument)*)
        }
    }};
}

fn real_file(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes, which is this and the platform's file behind it.
    unsafe { file.cast::<Shim>().add(1).cast() }
}

/// What is kept of a file, if it is watched.
fn tracked<'f>(file: *mut sqlite3_file) -> Option<&'f mut Tracked> {
    // SAFETY: `open` wrote the pointer, `close` frees it, and SQLite calls on one file from one thread at a time.
    unsafe { (*file.cast::<Shim>()).tracked.as_mut() }
}

/// Whether nothing works any more.
fn stopped(file: *mut sqlite3_file) -> bool {
    tracked(file).is_some_and(|tracked| lock(&tracked.disk).stopped())
}

fn named(name: *const c_char) -> Option<(Arc<Mutex<State>>, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: SQLite gives names that end in a zero byte and outlive the call.
    let name = unsafe { CStr::from_ptr(name) };
    watched(Path::new(name.to_str().ok()?))
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let found = named(name);
    // SAFETY: SQLite gives room for `szOsFile` bytes. Without methods it does not close a file that failed to open.
    unsafe {
        (*file).pMethods = ptr::null();
        (*file.cast::<Shim>()).tracked = ptr::null_mut();
        (*real_file(file)).pMethods = ptr::null();
    }
    let real = real_file(file);
    let Some((disk, name_in_folder)) = found else {
        let opened = layer!(vfs.xOpen(name, real, flags, out_flags));
        if opened == ffi::SQLITE_OK {
            // SAFETY: as above.
            unsafe { (*file).pMethods = &raw const METHODS };
        }
        return opened;
    };
    let mut state = lock(&disk);
    if state.stopped() {
        return ffi::SQLITE_CANTOPEN;
    }
    let there = state.inode(&name_in_folder);
    if there.is_none()
        && flags & ffi::SQLITE_OPEN_CREATE != 0
        && let Verdict::Fail(code) = state.verdict(Call::Create)
    {
        return code;
    }
    let opened = layer!(vfs.xOpen(name, real, flags, out_flags));
    if opened != ffi::SQLITE_OK {
        return opened;
    }
    let inode = there.unwrap_or_else(|| state.created(&name_in_folder));
    state.opened();
    drop(state);
    let journals = ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;
    let sync_folder = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & journals != 0;
    let kept = Box::into_raw(Box::new(Tracked { disk, inode, sync_folder }));
    // SAFETY: as above; `close` takes the box back.
    unsafe {
        (*file.cast::<Shim>()).tracked = kept;
        (*file).pMethods = &raw const METHODS;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let closed = platform!(file.xClose());
    // SAFETY: SQLite closes a file once, and uses it no more.
    unsafe {
        let shim = &mut *file.cast::<Shim>();
        if !shim.tracked.is_null() {
            let kept = Box::from_raw(shim.tracked);
            lock(&kept.disk).closed();
            shim.tracked = ptr::null_mut();
        }
        (*file).pMethods = ptr::null();
    }
    closed
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    bytes: c_int,
    at: sqlite3_int64,
) -> c_int {
    if stopped(file) {
        return ffi::SQLITE_IOERR_READ;
    }
    platform!(file.xRead(into, bytes, at))
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    bytes: c_int,
    at: sqlite3_int64,
) -> c_int {
    let Some(kept) = tracked(file) else { return platform!(file.xWrite(from, bytes, at)) };
    let mut state = lock(&kept.disk);
    let (bytes, answer) = match state.verdict(Call::Write) {
        Verdict::Go => (bytes, ffi::SQLITE_OK),
        Verdict::Half => (bytes / 2, ffi::SQLITE_IOERR_WRITE),
        Verdict::Fail(code) => return code,
    };
    let written = platform!(file.xWrite(from, bytes, at));
    if written != ffi::SQLITE_OK {
        return written;
    }
    if let (Ok(len), Ok(at)) = (usize::try_from(bytes), usize::try_from(at)) {
        // SAFETY: SQLite gives so many bytes to be written.
        let data = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), len) };
        state.changed(kept.inode, Change::Write { at, data: data.into() });
    }
    answer
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    let Some(kept) = tracked(file) else { return platform!(file.xTruncate(size)) };
    let mut state = lock(&kept.disk);
    if let Verdict::Fail(code) = state.verdict(Call::Truncate) {
        return code;
    }
    let done = platform!(file.xTruncate(size));
    if let (ffi::SQLITE_OK, Ok(len)) = (done, usize::try_from(size)) {
        state.changed(kept.inode, Change::Truncate { len });
    }
    done
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    let Some(kept) = tracked(file) else { return platform!(file.xSync(flags)) };
    let mut state = lock(&kept.disk);
    if let Verdict::Fail(code) = state.verdict(Call::Sync) {
        state.sync_failed(kept.inode);
        return code;
    }
    // The real disk is not asked: nobody pulls its plug, and the model knows what would be on it.
    state.synced(kept.inode, kept.sync_folder);
    kept.sync_folder = false;
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_size(file: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    if stopped(file) {
        return ffi::SQLITE_IOERR_FSTAT;
    }
    platform!(file.xFileSize(size))
}

unsafe extern "C" fn file_lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    if stopped(file) {
        return ffi::SQLITE_IOERR_LOCK;
    }
    platform!(file.xLock(level))
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    platform!(file.xUnlock(level))
}

unsafe extern "C" fn check_reserved_lock(file: *mut sqlite3_file, out: *mut c_int) -> c_int {
    platform!(file.xCheckReservedLock(out))
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, what: c_int, with: *mut c_void) -> c_int {
    platform!(file.xFileControl(what, with))
}

unsafe extern "C" fn sector_size(file: *mut sqlite3_file) -> c_int {
    platform!(file.xSectorSize())
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    platform!(file.xDeviceCharacteristics())
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    if stopped(file) {
        return ffi::SQLITE_IOERR_SHMMAP;
    }
    platform!(file.xShmMap(page, size, extend, out))
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, n: c_int, flags: c_int) -> c_int {
    platform!(file.xShmLock(offset, n, flags))
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    platform!(file.xShmBarrier());
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    platform!(file.xShmUnmap(delete))
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    let Some((disk, name_in_folder)) = named(name) else { return layer!(vfs.xDelete(name, sync_folder)) };
    let mut state = lock(&disk);
    if state.stopped() {
        return ffi::SQLITE_IOERR_DELETE;
    }
    if state.inode(&name_in_folder).is_none() {
        return layer!(vfs.xDelete(name, 0));
    }
    if let Verdict::Fail(code) = state.verdict(Call::Delete) {
        return code;
    }
    let done = layer!(vfs.xDelete(name, 0));
    if done == ffi::SQLITE_OK {
        state.deleted(&name_in_folder, sync_folder != 0);
    }
    done
}

unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    what: c_int,
    out: *mut c_int,
) -> c_int {
    if named(name).is_some_and(|(disk, _)| lock(&disk).stopped()) {
        return ffi::SQLITE_IOERR_ACCESS;
    }
    layer!(vfs.xAccess(name, what, out))
}

unsafe extern "C" fn full_pathname(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    layer!(vfs.xFullPathname(name, room, out))
}

unsafe extern "C" fn randomness(vfs: *mut sqlite3_vfs, bytes: c_int, out: *mut c_char) -> c_int {
    layer!(vfs.xRandomness(bytes, out))
}

unsafe extern "C" fn sleep(vfs: *mut sqlite3_vfs, microseconds: c_int) -> c_int {
    layer!(vfs.xSleep(microseconds))
}

unsafe extern "C" fn current_time(vfs: *mut sqlite3_vfs, out: *mut f64) -> c_int {
    layer!(vfs.xCurrentTime(out))
}

unsafe extern "C" fn get_last_error(vfs: *mut sqlite3_vfs, room: c_int, out: *mut c_char) -> c_int {
    layer!(vfs.xGetLastError(room, out))
}

unsafe extern "C" fn current_time_int64(vfs: *mut sqlite3_vfs, out: *mut sqlite3_int64) -> c_int {
    layer!(vfs.xCurrentTimeInt64(out))
}
