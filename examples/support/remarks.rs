//! What an import has to say about the rows that it read: any number of remarks, kept in a file that goes away by itself.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Seek, SeekFrom, Write},
};

use serde::{Deserialize, Serialize, Serializer, ser::Error as _, ser::SerializeSeq};

/// Something to say about one field of a row.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) column: &'static str,
    /// The field as it stands in the file.
    pub(crate) value: String,
    pub(crate) reason: String,
}

/// The same with the place where it stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Remark {
    /// The base name of the file.
    pub(crate) file: String,
    /// Counted from 1, the header's.
    pub(crate) line: u64,
    pub(crate) column: String,
    pub(crate) value: String,
    pub(crate) reason: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, value, reason } = self;
        write!(f, "{file}:{line} {column} {value:?}: {reason}")
    }
}

/// A list of remarks. A file with a million rows may have a million of them, so they wait on the disk and not in memory.
pub(crate) struct Remarks {
    /// One JSON object a line.
    lines: BufWriter<File>,
    count: u64,
}

impl Remarks {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { lines: BufWriter::new(tempfile::tempfile()?), count: 0 })
    }

    pub(crate) fn push(&mut self, remark: &Remark) -> io::Result<()> {
        serde_json::to_writer(&mut self.lines, remark)?;
        self.count += 1;
        self.lines.write_all(b"\n")
    }

    /// All of them, to be read in the order in which they came. No more can be added.
    pub(crate) fn finish(self) -> io::Result<WrittenRemarks> {
        let file = self.lines.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(WrittenRemarks { file, count: self.count })
    }
}

/// A list of remarks that is complete. It serialises as a sequence, one remark in memory at a time.
pub(crate) struct WrittenRemarks {
    file: File,
    count: u64,
}

impl WrittenRemarks {
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn iter(&self) -> io::Result<impl Iterator<Item = io::Result<Remark>>> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        Ok(BufReader::new(file).lines().map(|line| Ok(serde_json::from_str(&line?)?)))
    }
}

impl Serialize for WrittenRemarks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for remark in self.iter().map_err(S::Error::custom)? {
            list.serialize_element(&remark.map_err(S::Error::custom)?)?;
        }
        list.end()
    }
}
