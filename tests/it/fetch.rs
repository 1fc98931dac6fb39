//! Downloads from a server on this computer that does what servers and networks do.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glasstree::fetch::{Download, FetchError, Fetched, Order, Progress, Timeouts};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::server::{Reply, Server};
use crate::synth;

/// Silence that no slow test machine keeps by itself.
const PATIENCE: Timeouts =
    Timeouts { connect: Duration::from_secs(5), silence: Duration::from_secs(5) };
const IMPATIENCE: Timeouts =
    Timeouts { connect: Duration::from_secs(5), silence: Duration::from_millis(200) };

/// A file of weights of 50,000 bytes.
fn file() -> Vec<u8> {
    let noise = synth::uniform("download", 1, 50_000);
    let mut header = br#"{"a":{"dtype":"F32","shape":[12475],"data_offsets":[0,49900]}}"#.to_vec();
    header.resize(92, b' ');
    let noise = noise.iter().take(49_900).map(|value| (value * 256.0) as u8);
    [&92u64.to_le_bytes()[..], &header].concat().into_iter().chain(noise).collect()
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A folder to fetch into.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn target(&self) -> PathBuf {
        self.0.path().join("models/net.pth")
    }

    /// Of a file with a known size and sum.
    fn order(&self, url: &str, file: &[u8]) -> Order {
        Order {
            url: url.to_owned(),
            target: self.target(),
            size: Some(file.len() as u64),
            sha256: Some(sum(file)),
            plain_http: false,
            again: false,
        }
    }

    /// Of a file that nobody knows anything about.
    fn blind_order(&self, url: &str) -> Order {
        Order { size: None, sha256: None, ..self.order(url, b"") }
    }

    fn part(&self) -> Option<Vec<u8>> {
        std::fs::read(self.0.path().join("models/net.pth.part")).ok()
    }

    /// What is in the folder, without the lock.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.target().parent().unwrap()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    }
}

fn run(order: &Order) -> Result<Fetched, FetchError> {
    Download::new(order.clone(), PATIENCE).run(&mut |_| {})
}

/// The line for the user, and that it is one.
fn line(result: Result<Fetched, FetchError>) -> String {
    let line = result.unwrap_err().to_string();
    assert!(!line.contains('\n') && line.len() < 200, "{line}");
    line
}

#[test]
fn a_file_arrives_whole_and_leaves_nothing_beside_it() {
    let (place, file) = (Place::new(), file());
    let server = Server::start(vec![Reply::file(&file)]);
    let mut progress = Vec::new();
    let download = Download::new(place.order(&server.url, &file), PATIENCE);
    let fetched = download.run(&mut |step| progress.push(step)).unwrap();
    assert_eq!(std::fs::read(place.target()).unwrap(), file);
    let expected = Fetched { bytes: 50_000, sha256: sum(&file), was_there: false, changed: false };
    assert_eq!(fetched, expected);
    assert_eq!(place.names(), ["net.pth"]);
    let total = Some(50_000);
    assert_eq!(progress.first(), Some(&Progress { done: 0, total }));
    assert_eq!(progress.last(), Some(&Progress { done: 50_000, total }));
    let request = &server.requests()[0];
    assert!(request.contains("user-agent: glasstree/") && !request.contains("range:"), "{request}");
}

#[test]
fn a_slow_server_is_waited_for() {
    let (place, file) = (Place::new(), file());
    let reply = Reply::file(&file).slowly(10_000, Duration::from_millis(120));
    let server = Server::start(vec![reply]);
    let mut steps = 0;
    // All of it takes longer than the silence that is allowed; no pause does.
    let download = Download::new(place.order(&server.url, &file), IMPATIENCE);
    download.run(&mut |_| steps += 1).unwrap();
    assert!(steps >= 5, "{steps} reports");
}

#[test]
fn what_broke_off_goes_on_from_there() {
    let (place, file) = (Place::new(), file());
    let server = Server::start(vec![Reply::file(&file).cut(20_000), Reply::rest(&file, 20_000)]);
    let order = place.order(&server.url, &file);
    let broken = line(run(&order));
    assert!(broken.contains("broke") && broken.contains("continues from there"), "{broken}");
    assert_eq!(place.part().as_deref(), Some(&file[..20_000]));
    assert!(!place.target().exists(), "half of a file has no name");

    let mut first = None;
    let download = Download::new(order, PATIENCE);
    download.run(&mut |step| first = first.or(Some(step.done))).unwrap();
    assert_eq!((first, std::fs::read(place.target()).unwrap()), (Some(20_000), file));
    let second = &server.requests()[1];
    assert!(
        second.contains("range: bytes=20000-") && second.contains("if-range: \"v1\""),
        "{second}"
    );
    assert_eq!(place.names(), ["net.pth"]);
}

#[test]
fn a_server_that_does_not_go_on_sends_all_of_it_again() {
    let (place, file) = (Place::new(), file());
    for refusal in [
        // It ignores the question, it denies it, it answers another one.
        vec![Reply::file(&file)],
        vec![Reply::new("416 Range Not Satisfiable", b""), Reply::file(&file)],
        vec![Reply::rest(&file, 30_000), Reply::file(&file)],
    ] {
        let mut script = vec![Reply::file(&file).cut(20_000)];
        script.extend(refusal);
        let server = Server::start(script);
        let order = Order { again: true, ..place.order(&server.url, &file) };
        run(&order).unwrap_err();
        run(&order).unwrap();
        assert_eq!(std::fs::read(place.target()).unwrap(), file);
    }
}

#[test]
fn halves_of_different_files_are_not_put_together() {
    let (place, file) = (Place::new(), file());
    let (header, values) = file.split_at(100);
    let other = [header.to_vec(), values.iter().map(|byte| byte ^ 1).collect()].concat();
    // The server vouches: it sends all of its new file.
    let changed = Reply::file(&other).header("ETag", "\"v2\"");
    let server = Server::start(vec![Reply::file(&file).cut(20_000), changed]);
    let order = place.blind_order(&server.url);
    run(&order).unwrap_err();
    run(&order).unwrap();
    assert_eq!(std::fs::read(place.target()).unwrap(), other);

    // It does not vouch, and there is no sum to check: nothing is asked to be continued.
    let nameless = Reply::file(&file).without("ETag");
    let server = Server::start(vec![nameless.clone().cut(20_000), nameless]);
    let order = Order { again: true, ..place.blind_order(&server.url) };
    let broken = line(run(&order));
    assert!(broken.ends_with("0.0 MB of 0.1 MB; try again"), "{broken}");
    run(&order).unwrap();
    assert!(server.requests().iter().all(|request| !request.contains("range:")));
    assert_eq!(std::fs::read(place.target()).unwrap(), file);

    // From another address: not continued either.
    let server = Server::start(vec![Reply::file(&file).cut(20_000)]);
    run(&Order { again: true, ..place.order(&server.url, &file) }).unwrap_err();
    let mirror = Server::start(vec![Reply::file(&file)]);
    run(&Order { again: true, ..place.order(&mirror.url, &file) }).unwrap();
    assert!(!mirror.requests()[0].contains("range:"));
}

#[test]
fn another_file_is_refused() {
    let (place, file) = (Place::new(), file());
    let wrong = vec![7; file.len()];
    let server = Server::start(vec![
        Reply::file(&file[..100]),
        Reply::file(&wrong),
        Reply::chunked(&[file.as_slice(), b"more"].concat()),
        Reply::new("200 OK", b"<html>Please log in</html>").header("Content-Type", "text/html"),
    ]);
    let order = place.order(&server.url, &file);
    let short = line(run(&order));
    assert!(short.contains("50000 bytes") && short.contains("has 100"), "{short}");
    let sum = line(run(&order));
    assert!(sum.contains("checksum") && sum.contains("deleted"), "{sum}");
    let long = line(run(&order));
    assert!(long.contains("sent more"), "{long}");
    let page = line(run(&order));
    assert!(page.contains("web page"), "{page}");
    assert!(place.names().is_empty(), "nothing is kept: {:?}", place.names());
}

#[test]
fn a_length_that_is_not_told_is_fine() {
    let (place, file) = (Place::new(), file());
    let server = Server::start(vec![Reply::chunked(&file), Reply::chunked(&file[..30_000])]);
    run(&place.order(&server.url, &file)).unwrap();
    assert_eq!(std::fs::read(place.target()).unwrap(), file);
    let order = Order { again: true, ..place.order(&server.url, &file) };
    let short = line(run(&order));
    assert!(short.contains("broke"), "the size is known from the catalogue: {short}");
}

#[test]
fn what_is_gone_or_refused_is_told() {
    let place = Place::new();
    let server = Server::start(vec![
        Reply::new("404 Not Found", b"no"),
        Reply::new("410 Gone", b""),
        Reply::new("503 Service Unavailable", b"busy"),
    ]);
    let order = place.blind_order(&server.url);
    for (word, status) in [("exist", "404"), ("exist", "404"), ("refuses", "503")] {
        let line = line(run(&order));
        assert!(line.contains(word) && line.contains(status), "{line}");
    }
    // There is nobody.
    drop(server);
    let gone = line(run(&order));
    assert!(gone.contains("127.0.0.1 could not be reached"), "{gone}");
    assert!(gone.contains("is this computer online?"), "{gone}");
}

#[test]
fn a_moved_file_is_followed_with_the_question() {
    let (place, file) = (Place::new(), file());
    let elsewhere = Server::start(vec![Reply::file(&file).cut(20_000), Reply::rest(&file, 20_000)]);
    let server = Server::start(vec![
        Reply::redirect(&elsewhere.url),
        Reply::redirect("/other/place"),
        Reply::redirect(&elsewhere.url),
    ]);
    let order = place.order(&server.url, &file);
    run(&order).unwrap_err();
    run(&order).unwrap();
    assert_eq!(std::fs::read(place.target()).unwrap(), file);
    assert!(server.requests()[2].starts_with("get /other/place"));
    assert!(elsewhere.requests()[1].contains("range: bytes=20000-"));
}

#[test]
fn a_circle_ends_and_a_way_into_the_open_is_not_taken() {
    let place = Place::new();
    let server = Server::start(vec![Reply::redirect("net.pth"); 20]);
    let circle = line(run(&place.blind_order(&server.url)));
    assert!(circle.contains("without end"), "{circle}");
    assert_eq!(server.requests().len(), 11);
    // 192.0.2.1 is reserved for examples; nobody is asked there.
    for to in ["http://192.0.2.1/net.pth", "ftp://127.0.0.1/net.pth", ""] {
        let server = Server::start(vec![Reply::redirect(to)]);
        let started = Instant::now();
        let open = line(run(&place.blind_order(&server.url)));
        assert!(open.contains("cannot be used"), "{open}");
        assert!(started.elapsed() < PATIENCE.connect, "it was tried");
    }
    let open = line(run(&place.blind_order("http://192.0.2.1/net.pth")));
    assert!(open.contains("neither encrypted"), "{open}");
}

#[test]
fn a_server_that_falls_silent_is_not_waited_for_forever() {
    let (place, file) = (Place::new(), file());
    let server = Server::start(vec![
        Reply::file(&file).stall(20_000),
        Reply::rest(&file, 20_000),
        Reply::silence(),
    ]);
    let order = place.order(&server.url, &file);
    let silent = line(Download::new(order.clone(), IMPATIENCE).run(&mut |_| {}));
    assert!(silent.contains("sent nothing for 0.2 s") && silent.contains("0.0 MB"), "{silent}");
    run(&order).unwrap();
    assert_eq!(std::fs::read(place.target()).unwrap(), file);
    let order = Order { again: true, ..order };
    let silent = line(Download::new(order, IMPATIENCE).run(&mut |_| {}));
    assert!(silent.contains("sent nothing"), "{silent}");
    assert_eq!(place.names(), ["net.pth"]);
}

#[test]
fn a_download_is_cancelled_while_it_waits() {
    let (place, file) = (Place::new(), file());
    let server = Server::start(vec![Reply::file(&file).stall(20_000), Reply::rest(&file, 20_000)]);
    let order = place.order(&server.url, &file);
    let download = Download::new(order.clone(), Timeouts::default());
    let cancel = download.canceller();
    let started = Instant::now();
    // As soon as half of it is here, and in the thread that does not wait.
    let mut asked = None;
    let result = download.run(&mut |step| {
        if step.done >= 20_000 && asked.is_none() {
            let cancel = cancel.clone();
            let ask = move || {
                std::thread::sleep(Duration::from_millis(50));
                cancel.cancel();
            };
            asked = Some(std::thread::Builder::new().spawn(ask).unwrap());
        }
    });
    assert!(matches!(result, Err(FetchError::Cancelled)), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(10), "it waited for the server");
    assert_eq!(place.part().map(|part| part.len()), Some(20_000));
    run(&order).unwrap();
    assert_eq!(std::fs::read(place.target()).unwrap(), file);

    // Before it begins.
    let download = Download::new(Order { again: true, ..order }, PATIENCE);
    download.canceller().cancel();
    assert!(matches!(download.run(&mut |_| {}), Err(FetchError::Cancelled)));
    assert_eq!(std::fs::read(place.target()).unwrap(), file, "what was there is still there");
}

#[test]
fn two_at_once_do_not_write_into_each_other() {
    let (place, file) = (Place::new(), file());
    let server = Server::start(vec![Reply::file(&file).slowly(5000, Duration::from_millis(30))]);
    let order = place.order(&server.url, &file);
    let mut second = None;
    let download = Download::new(order.clone(), PATIENCE);
    download
        .run(&mut |step| {
            if step.done > 0 && second.is_none() {
                second = Some(run(&order));
            }
        })
        .unwrap();
    let locked = line(second.unwrap());
    assert!(locked.contains("already being downloaded"), "{locked}");
    assert_eq!(std::fs::read(place.target()).unwrap(), file);
    assert!(run(&order).unwrap().was_there, "the lock is free again");
}

#[test]
fn what_is_there_is_checked_and_not_fetched_again() {
    let (place, file) = (Place::new(), file());
    let server = Server::start(vec![Reply::file(&file), Reply::file(&file)]);
    let order = place.order(&server.url, &file);
    run(&order).unwrap();
    assert!(run(&order).unwrap().was_there);
    assert_eq!(server.requests().len(), 1);
    std::fs::write(place.target(), "spoilt").unwrap();
    let spoilt = line(run(&order));
    assert!(spoilt.contains("checksum is wrong"), "{spoilt}");
    let again = Order { again: true, ..order };
    assert!(!run(&again).unwrap().was_there);
    assert_eq!(std::fs::read(place.target()).unwrap(), file);
}

#[test]
fn a_sum_that_nobody_published_is_remembered() {
    let (place, file) = (Place::new(), file());
    let mut other = file.clone();
    other[200] ^= 1;
    let server = Server::start(vec![Reply::file(&file), Reply::file(&file), Reply::file(&other)]);
    let order = Order { again: true, ..place.blind_order(&server.url) };
    assert!(!run(&order).unwrap().changed, "the first");
    let note = std::fs::read_to_string(place.0.path().join("models/net.pth.sha256")).unwrap();
    assert_eq!(note, format!("{}  net.pth\n", sum(&file)));
    assert!(!run(&order).unwrap().changed, "the same");
    assert!(run(&order).unwrap().changed, "another one");
}

#[test]
fn what_nobody_published_a_sum_of_is_looked_at_before_it_gets_its_name() {
    let place = Place::new();
    let server = Server::start(vec![Reply::file(b"anything but weights")]);
    let refused = line(run(&place.blind_order(&server.url)));
    assert!(refused.contains("not a weights file") && refused.contains("deleted"), "{refused}");
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn a_drip_ends() {
    let (place, file) = (Place::new(), file());
    // Never silent for as long as is allowed, and never done.
    let drip = Reply::file(&file).slowly(1, Duration::from_millis(20));
    let server = Server::start(vec![drip]);
    let slow = line(Download::new(place.order(&server.url, &file), IMPATIENCE).run(&mut |_| {}));
    assert!(slow.contains("all but stopped") && slow.contains("continues from there"), "{slow}");
}

#[test]
#[cfg(unix)]
fn nothing_is_written_through_a_link() {
    let (place, file) = (Place::new(), file());
    let folder = place.target().parent().unwrap().to_owned();
    std::fs::create_dir_all(&folder).unwrap();
    let precious = place.0.path().join("precious");
    std::fs::write(&precious, "mine").unwrap();
    for name in ["net.pth.part", "net.pth.part.json", "net.pth.sha256", ".net.pth.lock"] {
        std::os::unix::fs::symlink(&precious, folder.join(name)).unwrap();
    }
    let server = Server::start(vec![Reply::file(&file)]);
    run(&place.blind_order(&server.url)).unwrap();
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "mine");
    assert_eq!(std::fs::read(place.target()).unwrap(), file);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let place = Place::new();
    std::fs::write(place.0.path().join("models"), "a file").unwrap();
    let line = line(run(&place.blind_order("http://127.0.0.1:1/net.pth")));
    assert!(line.starts_with("Could not write ") && line.contains("models"), "{line}");
    assert!(Path::new(&place.0.path().join("models")).is_file());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Wherever a connection breaks, and however often: in the end the file is right.
    #[test]
    fn any_breaks_are_mended(mut cuts in prop::collection::vec(0..50_000usize, 0..5)) {
        let (place, file) = (Place::new(), file());
        cuts.sort_unstable();
        let mut script = Vec::new();
        let mut from = 0;
        for &cut in &cuts {
            let whole = if from == 0 { Reply::file(&file) } else { Reply::rest(&file, from) };
            script.push(whole.cut(cut - from));
            from = cut;
        }
        script.push(if from == 0 { Reply::file(&file) } else { Reply::rest(&file, from) });
        let server = Server::start(script);
        let order = place.order(&server.url, &file);
        for _ in &cuts {
            prop_assert!(run(&order).is_err());
        }
        run(&order).unwrap();
        prop_assert_eq!(std::fs::read(place.target()).unwrap(), file);
    }
}
