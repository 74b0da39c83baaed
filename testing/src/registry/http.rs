//! The few parts of HTTP/1.1 that a registry needs.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

/// The first lines of a request.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    /// By name in lower case.
    pub(super) headers: BTreeMap<String, String>,
}

impl Head {
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the values of a query's parameter.
    pub(super) fn query(&self, name: &str) -> Vec<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        parameters(query, name)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Returns the values of a parameter in a query or a form.
pub(super) fn parameters(text: &str, name: &str) -> Vec<String> {
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| decoded(value))
        .collect()
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = std::str::from_utf8(tail.get(..2).unwrap_or_default()).unwrap_or_default();
        match (first, u8::from_str_radix(hex, 16)) {
            (b'%', Ok(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(code: u16) -> Self {
        Self { code, headers: Vec::new(), body: Vec::new() }
    }

    /// Returns an error in the specification's form.
    pub(super) fn error(code: u16, word: &str) -> Self {
        let body = serde_json::json!({"errors": [{"code": word, "message": word.to_lowercase()}]});
        Self::new(code).header("Content-Type", "application/json").body(body.to_string())
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// A client's connection.
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    pub(super) fn stream(&self) -> &TcpStream {
        self.reader.get_ref()
    }

    /// Reads the first lines of the next request; `None` at the end of the connection.
    pub(super) fn head(&mut self) -> io::Result<Option<Head>> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (method, target) = (method.to_owned(), target.to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        Ok(Some(Head { method, target, headers }))
    }

    /// Reads the body of a request, at most `limit` bytes of it.
    pub(super) fn body(&mut self, head: &Head, limit: usize) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if head.header("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
            loop {
                let mut line = String::new();
                self.reader.read_line(&mut line)?;
                let size = u64::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
                self.reader.by_ref().take(size).read_to_end(&mut body)?;
                self.reader.read_line(&mut line)?;
                if size == 0 || body.len() >= limit {
                    break;
                }
            }
            body.truncate(limit);
        } else if let Some(length) =
            head.header("content-length").and_then(|length| length.parse::<u64>().ok())
        {
            self.reader.by_ref().take(length.min(limit as u64)).read_to_end(&mut body)?;
        }
        Ok(body)
    }

    /// Reads and forgets until the client goes away.
    pub(super) fn wait_for_the_end(&mut self) -> io::Result<()> {
        io::copy(&mut self.reader, &mut io::sink()).map(drop)
    }

    pub(super) fn send(&mut self, head: &Head, answer: &Answer) -> io::Result<()> {
        let mut bytes = self.start(answer);
        if head.method != "HEAD" {
            bytes.extend(&answer.body);
        }
        self.reader.get_mut().write_all(&bytes)
    }

    /// Sends the first bytes of an answer's body, then breaks the connection.
    pub(super) fn send_part(&mut self, head: &Head, answer: &Answer, limit: usize) -> io::Result<()> {
        let mut bytes = self.start(answer);
        if head.method != "HEAD" {
            bytes.extend(&answer.body[..limit.min(answer.body.len())]);
        }
        self.reader.get_mut().write_all(&bytes)?;
        self.stream().shutdown(Shutdown::Both)
    }

    pub(super) fn send_slowly(
        &mut self,
        head: &Head,
        answer: &Answer,
        size: usize,
        pause: Duration,
    ) -> io::Result<()> {
        let start = self.start(answer);
        self.reader.get_mut().write_all(&start)?;
        let body: &[u8] = if head.method == "HEAD" { &[] } else { &answer.body };
        for piece in body.chunks(size) {
            self.reader.get_mut().write_all(piece)?;
            thread::sleep(pause);
        }
        Ok(())
    }

    fn start(&self, answer: &Answer) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} X\r\n", answer.code);
        let has_length = answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        if !has_length {
            text.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
        }
        for (name, value) in &answer.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes()
    }
}
