use super::*;

fn load(file: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = crate::testing::folder();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, file).expect("write");
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(&path), env, Table::new())
}

fn sentence(result: Result<Config, ConfigError>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn an_unknown_key_is_refused_with_the_keys_there_are() {
    let said = sentence(load("listne = \"127.0.0.1:1\"", &[]));
    assert!(
        said.contains("there is no setting `listne`") && said.contains("server, session_hours"),
        "{said}"
    );
    let said = sentence(load("", &[("FIRSTHOURS_LISTNE", "x")]));
    assert!(said.contains("FIRSTHOURS_LISTNE: there is no setting `listne`"), "{said}");
}

#[test]
fn the_environment_beats_the_file_and_flags_beat_both() {
    let file = "title = \"File\"\nsession_hours = 4";
    let config = load(file, &[("FIRSTHOURS_SESSION_HOURS", "3"), ("OTHER", "x")]).expect("load");
    assert_eq!((config.title.as_str(), config.session_hours), ("File", 3));
    let mut flags = Table::new();
    flags.insert("listen".to_owned(), Value::String("127.0.0.1:9".to_owned()));
    let env = [("FIRSTHOURS_LISTEN".to_owned(), "127.0.0.1:8".to_owned())];
    assert_eq!(Config::load(None, env, flags).expect("load").listen.port(), 9);
}

#[test]
fn clear_text_beyond_this_machine_is_refused_with_what_to_do() {
    let said = sentence(load("listen = \"0.0.0.0:80\"", &[("FIRSTHOURS_ORIGIN", "https://desk.invalid")]));
    assert!(said.contains("behind_proxy = true"), "{said}");
    let said = sentence(load("listen = \"0.0.0.0:80\"", &[]));
    assert!(said.contains("behind_proxy = true"), "{said}");
    let said = sentence(load("origin = \"http://desk.invalid\"", &[]));
    assert!(said.contains("use https"), "{said}");
    let said = sentence(load("origin = \"http://127.0.0.1.evil.invalid\"", &[]));
    assert!(said.contains("use https"), "{said}");
    let both = "listen = \"0.0.0.0:80\"\nbehind_proxy = true\norigin = \"https://desk.invalid\"";
    assert!(load(both, &[]).expect("load").https());
}

#[test]
fn loopback_needs_no_proxy_and_makes_its_own_origin() {
    let config = load("listen = \"127.0.0.1:8441\"", &[]).expect("load");
    assert_eq!(config.origin, "http://127.0.0.1:8441");
    assert!(!config.https());
    assert!(load("origin = \"http://[::1]:9\"", &[]).is_ok());
}

#[test]
fn sessions_cannot_be_made_longer_than_the_rule() {
    assert!(sentence(load("session_idle_minutes = 31", &[])).contains("1 to 30"));
    assert!(sentence(load("session_hours = 13", &[])).contains("1 to 12"));
}

#[test]
fn a_secret_does_not_show_itself() {
    let secret = "ab".repeat(32);
    let config = load("", &[("FIRSTHOURS_AGENCY_KEY", &secret)]).expect("load");
    assert!(!format!("{config:?}").contains(&secret));
    assert!(config.agency_key().is_ok());
}
