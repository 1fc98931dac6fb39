//! The real program on a display of its own: what is left when somebody else ends it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use glasstree::settings::Settings;
use tempfile::TempDir;

use crate::ui::asset;

/// Longer than the slowest machine needs to open a window or to close it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A display that nobody sees; it ends with this value.
struct Display {
    server: Child,
    /// `:7`
    name: String,
}

impl Display {
    /// `None` where there is no Xvfb; `GLASSTREE_REQUIRE_DISPLAY=1` turns that into a failure.
    fn start() -> Option<Self> {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-screen", "0", "1000x700x24", "-nolisten", "tcp"]);
        match command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
            Ok(mut server) => {
                // It says which number was free as soon as it can be used.
                let mut number = String::new();
                let said = server.stdout.take().unwrap();
                BufReader::new(said).read_line(&mut number).unwrap();
                Some(Self { server, name: format!(":{}", number.trim()) })
            }
            Err(error) => {
                let required = std::env::var_os("GLASSTREE_REQUIRE_DISPLAY").is_some();
                assert!(!required, "Xvfb cannot be started: {error}");
                None
            }
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// The program with a photo in its window.
struct Program {
    child: Child,
    home: TempDir,
}

impl Program {
    fn open(display: &Display) -> Self {
        let home = TempDir::new().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_glasstree"))
            .arg(asset("chelsea.png"))
            .env("DISPLAY", &display.name)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .envs(
                ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"]
                    .map(|name| (name, home.path())),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut program = Self { child, home };
        // The photo is noted as opened: the window is there, and so is the photo.
        let settings = program.settings();
        program.wait_until("the settings are written", |_| settings.exists());
        program
    }

    fn settings(&self) -> PathBuf {
        let path = Path::new("glasstree").join("settings.json");
        self.home.path().join(path)
    }

    fn wait_until(&mut self, what: &str, is_so: impl Fn(&mut Child) -> bool) {
        let started = Instant::now();
        while !is_so(&mut self.child) {
            assert!(started.elapsed() < PATIENCE, "never happened: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for its end; returns what it said on the standard error, too.
    fn end(&mut self) -> (ExitStatus, String) {
        self.wait_until("the program ends", |child| child.try_wait().unwrap().is_some());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_signal_closes_the_window_and_the_settings_are_written() {
    let Some(display) = Display::start() else { return };
    for signal in ["TERM", "INT", "HUP"] {
        let mut program = Program::open(&display);
        let path = program.settings();
        // What is there afterwards was written at the end.
        std::fs::remove_file(&path).unwrap();
        let kill = format!("kill -{signal} {}", program.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let (status, said) = program.end();
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{signal}");
        let (settings, note) = Settings::read(&path);
        assert_eq!((settings.recent, note), (vec![asset("chelsea.png")], None), "{signal}");
    }
}

#[test]
fn the_loss_of_the_display_is_one_line_and_no_panic() {
    let Some(display) = Display::start() else { return };
    let mut program = Program::open(&display);
    drop(display);
    let (status, said) = program.end();
    // Where a graphics driver asks the server first, Xlib says so in its own two lines, and ends the program.
    let own = said.lines().filter(|line| {
        !line.starts_with("XIO:") && !line.contains("known processed") && !line.trim().is_empty()
    });
    let xlib = said.contains("XIO:");
    assert_eq!((status.code(), own.count()), (Some(1), usize::from(!xlib)), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}
