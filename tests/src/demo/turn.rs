use firsthours_tests::programme::Fault;
pub(crate) fn run(_: &crate::options::Options) -> Result<(), Fault> { Ok(()) }
