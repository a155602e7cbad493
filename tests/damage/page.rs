//! A page of events on its way down, as the phone receives it: its line cut after each byte, and each byte flipped.
//!
//! The phone takes up the whole page as the server made it, or nothing and says so in words; and a later sync heals.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use firsthours_core::app::{Act, Sharing};
use firsthours_core::evidence::SignedEvent;
use firsthours_core::outside::Clock;
use firsthours_core::words::Language;
use firsthours_tests::night::{SCENE, play};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme, SharedClock};
use tempfile::TempDir;

use crate::dice::Dice;
use crate::http;
use crate::proxy::{Action, Proxy};
use crate::{Counts, EVENING, MINUTE, ensure, report, texts, twin};

const WORKERS: usize = 2;
const PAGES: &str = "/v1/sync/encounters/";
/// Events of the page: its opening, the offer to join, and as many taps.
const TAPS: usize = 6;

/// A reader who has everything but the record, and how that phone was then.
struct Reader<'p> {
    proxy: Proxy,
    phone: Phone,
    before: TempDir,
    programme: &'p Programme,
}

impl<'p> Reader<'p> {
    fn new(programme: &'p Programme, enrolling: &Mutex<()>) -> Result<Self, Fault> {
        let station: SocketAddr = programme.address.trim_start_matches("http://").parse()?;
        let proxy = Proxy::to(station)?;
        let mut phone = {
            let _one_at_a_time = enrolling.lock().unwrap_or_else(PoisonError::into_inner);
            proxy.phone(programme, "brooks")?
        };
        proxy.rule(|request| drop_pages(request, None));
        ensure(!phone.app().sync_now()?.complete, || "the page came".to_owned())?;
        phone.switch_off();
        let before = tempfile::tempdir()?;
        twin::copy(&phone.folder(), before.path())?;
        phone.switch_on()?;
        Ok(Self { proxy, phone, before, programme })
    }

    /// The page as the phone receives it. The phone takes it up, so it is put back afterwards.
    fn capture(&mut self) -> Result<Vec<u8>, Fault> {
        self.proxy.pass();
        ensure(self.phone.app().sync_now()?.complete, || "the page did not come".to_owned())?;
        let (_, page) = self.proxy.last(PAGES).ok_or("no page")?;
        self.put_back()?;
        Ok(page)
    }

    /// The phone as it was before it heard of the record.
    fn put_back(&mut self) -> Result<(), Fault> {
        self.phone.switch_off();
        std::fs::remove_dir_all(self.phone.folder())?;
        twin::copy(self.before.path(), &self.phone.folder())?;
        Ok(self.phone.switch_on()?)
    }

    /// Syncs while the page comes damaged. Gives what to count, and whether the page was taken up.
    fn try_one(&mut self, damaged: &[u8], id: &str, whole: &[SignedEvent]) -> Result<(String, bool), Fault> {
        let heard = damaged.to_vec();
        self.proxy.rule(move |request| drop_pages(request, Some(&heard)));
        let report = self.phone.app().sync_now()?;
        let took = self.phone.app().encounter(id).is_ok();
        ensure(!report.complete || took, || "complete, and the record is not there".to_owned())?;
        ensure(report.complete || !report.trouble.is_empty(), || "nothing is said".to_owned())?;
        if took {
            self.holds(id, whole)?;
            self.put_back()?;
        }
        let said = if report.complete { "all is well" } else { report.trouble.as_str() };
        Ok((format!("{}, and says: {said}", if took { "takes it up whole" } else { "takes nothing" }), took))
    }

    /// What it took up is what the server holds, byte for byte. Switches the phone off.
    fn holds(&mut self, id: &str, whole: &[SignedEvent]) -> Result<(), Fault> {
        self.phone.switch_off();
        let here = texts::on_phone(&self.phone.folder(), &self.phone.key(), id)?;
        ensure(here == texts::by_id(whole)?, || "it took up other texts".to_owned())
    }

    /// Without damage everything comes.
    fn heals(mut self, id: &str, whole: &[SignedEvent]) -> Result<(), Fault> {
        self.proxy.pass();
        let report = self.phone.app().sync_now()?;
        ensure(report.complete, || report.trouble)?;
        self.holds(id, whole)?;
        ensure(texts::on_server(&self.programme.app, id)? == whole, || "the server changed".to_owned())
    }
}

fn drop_pages(request: &[u8], instead: Option<&[u8]>) -> Action {
    match instead {
        _ if !http::path(request).starts_with(PAGES) => Action::Pass,
        Some(bytes) => Action::Hear(bytes.to_vec()),
        None => Action::Drop,
    }
}

#[test]
fn each_byte_of_a_page_cut_and_flipped_is_taken_up_right_or_not_at_all() -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let writer = programme.phone("alvarez", Language::En)?;
    let view = writer.app().start_encounter(None)?;
    let to = programme.person("brooks");
    writer.app().act(&view.id, view.seen, Act::Share { how: Sharing::Join, to })?;
    for tap in SCENE.iter().take(TAPS) {
        programme.clock.advance(tap.after * MINUTE);
        play(writer.app(), &view.id, tap, programme.clock.now())?;
    }
    ensure(writer.app().sync_now()?.complete, || "the writer's sync".to_owned())?;
    let whole = texts::on_server(&programme.app, &view.id)?;
    assert_eq!(whole.len(), TAPS + 2);

    let enrolling = Mutex::new(());
    let page = Reader::new(&programme, &enrolling)?.capture()?;
    let share = |worker: usize| -> Result<Counts, Fault> {
        let mut counts = Counts::new();
        let mut dice = Dice::of(u64::try_from(2_000 + worker)?);
        let mut reader = Reader::new(&programme, &enrolling)?;
        for at in (worker..page.len()).step_by(WORKERS) {
            let mut flipped = page.clone();
            flipped[at] ^= dice.bit();
            for (how, bytes) in [("cut", &page[..=at]), ("flipped", flipped.as_slice())] {
                let (what, took) = reader
                    .try_one(bytes, &view.id, &whole)
                    .map_err(|fault| format!("{how} at byte {at} of {}: {fault}", page.len()))?;
                let place = if took { format!(", {}", http::part(&page, at)) } else { String::new() };
                *counts.entry(format!("{how}: {what}{place}")).or_default() += 1;
            }
        }
        reader.heals(&view.id, &whole)?;
        Ok(counts)
    };
    let shares: Vec<Result<Counts, Fault>> = std::thread::scope(|scope| {
        let share = &share;
        let running: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(move || share(worker))).collect();
        running.into_iter().map(|share| share.join().expect("a worker does not panic")).collect()
    });
    let mut counts = Counts::new();
    for share in shares {
        for (what, times) in share? {
            *counts.entry(what).or_default() += times;
        }
    }
    report("page", &format!("{} bytes, each cut after and each flipped", page.len()), &counts)?;
    assert_eq!(counts.values().sum::<usize>(), 2 * page.len());
    Ok(())
}
