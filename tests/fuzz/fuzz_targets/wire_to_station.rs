//! See `wire_message` of the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    firsthours_fuzz::wire_message::check_to_station(input);
});
