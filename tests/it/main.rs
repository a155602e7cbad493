//! Whole-system tests: phones, server and the rules of the workspace, in one binary.

mod architecture;
mod path;
