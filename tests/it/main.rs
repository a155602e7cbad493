//! Whole-system tests: phones, server and the rules of the workspace, in one binary.

mod architecture;
mod bad_input;
mod bytes;
mod copies;
mod drafts;
mod fixed;
mod lies;
mod need_to_know;
mod path;
mod schema;
mod told;
mod versions;
