//! See `record_of_many` of the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    firsthours_fuzz::record_of_many::check(input);
});
