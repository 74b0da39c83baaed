//! A pseudo terminal, from the side of whoever looks at it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A terminal that programs can be started in. Closed when dropped, as a lost connection is.
#[derive(Debug)]
pub struct Terminal {
    outer: File,
    inner: PathBuf,
}

/// Whether a program that is started in a terminal controls it: then it can be stopped, and is told when
/// the terminal is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// It does.
    Controlling,
    /// The terminal is nobody's.
    Without,
}

impl Terminal {
    /// Opens a terminal of so many columns and lines.
    pub fn open(columns: u16, lines: u16) -> io::Result<Self> {
        let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&outer)?;
        unlockpt(&outer)?;
        let inner = ptsname(&outer, Vec::new())?.into_string().map_err(io::Error::other)?.into();
        let terminal = Self { outer: outer.into(), inner };
        terminal.resize(columns, lines)?;
        Ok(terminal)
    }

    /// Changes the size.
    pub fn resize(&self, columns: u16, lines: u16) -> io::Result<()> {
        let size = Winsize { ws_col: columns, ws_row: lines, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(&self.outer, size)?)
    }

    /// Starts a program in a session of its own, with the terminal as its input and output, and in no
    /// other environment than what is set for it.
    pub fn spawn(&self, program: &Command, control: Control) -> io::Result<Child> {
        let inner = || {
            let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
            Ok::<_, io::Error>(File::from(rustix::fs::open(&self.inner, flags, Mode::empty())?))
        };
        let mut command = Command::new("setsid");
        if control == Control::Controlling {
            command.arg("--ctty");
        }
        command.arg(program.get_program()).args(program.get_args());
        command.env_clear();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = program.get_current_dir() {
            command.current_dir(folder);
        }
        command.stdin(inner()?).stdout(inner()?).stderr(inner()?);
        // Dropped here, the command closes the other side: as long as it is open nothing is ever hung up.
        command.spawn()
    }

    /// Types.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.outer.write_all(bytes.as_ref())
    }

    /// Reads what is shown next, and returns how many bytes; none if nothing comes in this time, or ever
    /// again.
    pub fn read(&mut self, bytes: &mut [u8], patience: Duration) -> io::Result<usize> {
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.outer, PollFlags::IN)], Some(&patience))? {
            0 => Ok(0),
            // Once the other side is closed, reading fails.
            _ => Ok(self.outer.read(bytes).unwrap_or(0)),
        }
    }
}
