//! See `guard` of the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    firsthours_fuzz::guard::check(input);
});
