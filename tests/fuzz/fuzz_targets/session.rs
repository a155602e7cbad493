//! See `session` of the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    firsthours_fuzz::session::check(input);
});
