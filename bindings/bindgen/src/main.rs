//! The generator of the Kotlin, Swift and Python sides; a member of its own, so that the library never links it.

fn main() {
    uniffi::uniffi_bindgen_main();
}
