//! A server on this computer that answers as it is told to, one connection after the other.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One answer.
#[derive(Clone)]
pub struct Reply {
    status: &'static str,
    headers: Vec<String>,
    body: Vec<u8>,
    /// Bytes of the body that are sent.
    sent: usize,
    /// Bytes that are sent together, and the time until the next ones.
    pace: (usize, Duration),
    /// Whether the connection stays open in silence, until the other end hangs up.
    stalls: bool,
}

impl Reply {
    pub fn new(status: &'static str, body: &[u8]) -> Self {
        let (headers, body) = (Vec::new(), body.to_vec());
        let (sent, pace) = (body.len(), (usize::MAX, Duration::ZERO));
        Self { status, headers, body, sent, pace, stalls: false }.header("Connection", "close")
    }

    /// The whole file, under the tag `"v1"`.
    pub fn file(body: &[u8]) -> Self {
        let length = body.len().to_string();
        Self::new("200 OK", body).header("Content-Length", &length).header("ETag", "\"v1\"")
    }

    /// The file from this byte on.
    pub fn rest(body: &[u8], from: usize) -> Self {
        let (rest, end, total) = (&body[from..], body.len() - 1, body.len());
        Self::new("206 Partial Content", rest)
            .header("Content-Length", &rest.len().to_string())
            .header("Content-Range", &format!("bytes {from}-{end}/{total}"))
            .header("ETag", "\"v1\"")
    }

    /// No answer at all.
    pub fn silence() -> Self {
        Self::new("", b"").stall(0)
    }

    pub fn redirect(to: &str) -> Self {
        Self::new("302 Found", b"").header("Content-Length", "0").header("Location", to)
    }

    /// In pieces with their lengths before them, so that the whole length is not told.
    pub fn chunked(body: &[u8]) -> Self {
        let mut chunks: Vec<u8> = Vec::new();
        for piece in body.chunks(1000) {
            chunks.extend(format!("{:x}\r\n", piece.len()).bytes().chain(piece.iter().copied()));
            chunks.extend(b"\r\n");
        }
        chunks.extend(b"0\r\n\r\n");
        Self::new("200 OK", &chunks).header("Transfer-Encoding", "chunked")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|header| !header.starts_with(&format!("{name}:")));
        self.headers.push(format!("{name}: {value}"));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|header| !header.starts_with(&format!("{name}:")));
        self
    }

    /// Hangs up after so many bytes of the body.
    pub fn cut(mut self, sent: usize) -> Self {
        self.sent = sent;
        self
    }

    /// Falls silent after so many bytes of the body.
    pub fn stall(self, sent: usize) -> Self {
        Self { stalls: true, ..self.cut(sent) }
    }

    pub fn slowly(mut self, piece: usize, pause: Duration) -> Self {
        self.pace = (piece, pause);
        self
    }

    fn send(&self, mut stream: TcpStream) -> std::io::Result<()> {
        if !self.status.is_empty() {
            write!(stream, "HTTP/1.1 {}\r\n{}\r\n\r\n", self.status, self.headers.join("\r\n"))?;
        }
        let (piece, pause) = self.pace;
        for part in self.body[..self.sent].chunks(piece) {
            stream.write_all(part)?;
            std::thread::sleep(pause);
        }
        if self.stalls {
            stream.read_to_end(&mut Vec::new())?;
        }
        Ok(())
    }
}

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Gives the answers in this order, and then none.
    pub fn start(script: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/models/net.pth", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let answer = move || {
            for reply in script {
                let (mut stream, _) = listener.accept().unwrap();
                seen.lock().unwrap().push(request(&mut stream));
                // Whoever hangs up has a reason.
                reply.send(stream).ok();
            }
        };
        std::thread::Builder::new().name("test-server".to_owned()).spawn(answer).unwrap();
        Self { url, requests }
    }

    /// The heads of the requests so far, in small letters.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn request(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).to_lowercase()
}
