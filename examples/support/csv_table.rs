//! CSV tables as they come in practice: columns in any order, a byte order mark, any line ending, quotes that nobody closed.
//!
//! [`Table`] gives the rows one by one and holds one record in memory. A row that cannot be read is a [`Remark`] with its file, line, column, value and reason;
//! the rows after it still come. Splitting and unquoting are the work of the `csv` crate; what stands here is which lines belong to one record.

use std::{
    cell::Cell,
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
    rc::Rc,
};

use crm::Invalid;
use csv::ByteRecord;
use flate2::read::MultiGzDecoder;

use super::remarks::{Finding, Remark};

/// A file with a header and rows.
pub(crate) struct Table {
    file: String,
    records: Records<BufReader<Input>>,
    header: Vec<String>,
    columns: &'static [&'static str],
}

/// Why a file is no table of the expected columns.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TableError {
    /// The file cannot be read.
    #[error("{file}: {error}")]
    Unreadable { file: String, error: io::Error },
    /// The file is empty.
    #[error("{file}: no header")]
    NoHeader { file: String },
    /// A column is missing or stands there twice.
    #[error("{file}: column {column} stands {times} times in the header, needs 1")]
    Column { file: String, column: &'static str, times: usize },
}

impl Table {
    /// Opens a file and finds the columns in its header.
    pub(crate) fn open(path: &Path, columns: &'static [&'static str]) -> Result<Self, TableError> {
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let unreadable = |error| TableError::Unreadable { file: file.clone(), error };
        let mut records = Records::new(BufReader::new(Input::open(path).map_err(unreadable)?));
        let Some(first) = records.next_record().map_err(unreadable)? else {
            return Err(TableError::NoHeader { file });
        };
        let header = first.fields().map_err(unreadable)?;
        let header: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
        for column in columns {
            let times = header.iter().filter(|name| name == column).count();
            if times != 1 {
                return Err(TableError::Column { file, column, times });
            }
        }
        Ok(Self { file, records, header, columns })
    }

    /// The base name of the file.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// How far the file has been read.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.records.input.get_ref().bytes_read.get()
    }

    /// The columns that nobody asked for, each as a remark on line 1.
    pub(crate) fn unknown_columns(&self) -> impl Iterator<Item = Remark> + '_ {
        let unknown = self.header.iter().filter(|name| !self.columns.contains(&name.as_str()));
        unknown.map(|name| self.remark(1, name, name, "unknown column, not read".into()))
    }

    /// What was found in a row, with the place where it stands.
    pub(crate) fn remark_on(&self, line: u64, finding: Finding) -> Remark {
        self.remark(line, finding.column, &finding.value, finding.reason)
    }

    /// The next row, or the remark on one that cannot be read; `None` at the end.
    pub(crate) fn next_row(&mut self) -> Result<Option<Result<Row, Remark>>, TableError> {
        let unreadable = |error| TableError::Unreadable { file: self.file.clone(), error };
        let Some(record) = self.records.next_record().map_err(unreadable)? else { return Ok(None) };
        let fields = record.fields().map_err(unreadable)?;
        Ok(Some(self.whole_row(&record, &fields)))
    }

    fn whole_row(&self, record: &Record, fields: &ByteRecord) -> Result<Row, Remark> {
        let (found, wanted) = (fields.len(), self.header.len());
        let broken = |column: &str, value: &[u8], reason: String| {
            Err(self.remark(record.line, column, &String::from_utf8_lossy(value), reason))
        };
        if !record.closed {
            let last = found.saturating_sub(1);
            let column = self.header.get(last).map_or("", String::as_str);
            let rest = fields.get(last).unwrap_or_default();
            let rest = rest.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
            return broken(column, rest, "quoted field is not closed".into());
        }
        if found != wanted {
            let column = self.header.get(found).map_or("", String::as_str);
            let surplus = fields.get(wanted).unwrap_or_default();
            return broken(column, surplus, format!("row has {found} fields, header has {wanted}"));
        }
        let mut texts = Vec::with_capacity(self.columns.len());
        for column in self.columns {
            let place = self.header.iter().position(|name| name == column);
            let bytes = place.and_then(|place| fields.get(place)).unwrap_or_default();
            match str::from_utf8(bytes) {
                Ok(text) => texts.push(text.to_owned()),
                Err(_) => return broken(column, bytes, "not valid utf-8".into()),
            }
        }
        Ok(Row { line: record.line, columns: self.columns, texts })
    }

    fn remark(&self, line: u64, column: &str, value: &str, reason: String) -> Remark {
        Remark { file: self.file.clone(), line, column: column.to_owned(), value: value.to_owned(), reason }
    }
}

/// A file as it is, or unpacked on the way where its name ends in `.gz`.
struct Input {
    bytes: Box<dyn Read>,
    /// How much of the file itself was read: what stands in it may be longer.
    bytes_read: Rc<Cell<u64>>,
}

impl Input {
    fn open(path: &Path) -> io::Result<Self> {
        let bytes_read = Rc::new(Cell::new(0));
        let file = Counted { file: File::open(path)?, bytes: Rc::clone(&bytes_read) };
        let packed = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        Ok(Self { bytes: if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) }, bytes_read })
    }
}

impl Read for Input {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(into)
    }
}

struct Counted {
    file: File,
    bytes: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(into)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// A row: one text for each column that was asked for.
pub(crate) struct Row {
    /// The line on which it begins, counted from 1, the header's.
    pub(crate) line: u64,
    columns: &'static [&'static str],
    texts: Vec<String>,
}

impl Row {
    /// The field in a column.
    #[expect(clippy::expect_used, reason = "a column that the table was not opened with is a bug of the program")]
    pub(crate) fn field(&self, column: &'static str) -> Field<'_> {
        let place = self.columns.iter().position(|known| *known == column);
        Field { column, raw: &self.texts[place.expect("the table was opened with this column")] }
    }
}

/// One field of a row.
#[derive(Clone, Copy)]
pub(crate) struct Field<'r> {
    column: &'static str,
    raw: &'r str,
}

impl<'r> Field<'r> {
    /// Its text without the white space around it.
    pub(crate) fn text(self) -> &'r str {
        self.raw.trim()
    }

    /// The field where it holds anything.
    pub(crate) fn given(self) -> Option<Self> {
        (!self.text().is_empty()).then_some(self)
    }

    /// The field, which must hold something.
    pub(crate) fn required(self, reason: &str) -> Result<Self, Finding> {
        self.given().ok_or_else(|| self.finding(reason))
    }

    /// Something to say about the field.
    pub(crate) fn finding(self, reason: impl Into<String>) -> Finding {
        Finding { column: self.column, value: self.raw.to_owned(), reason: reason.into() }
    }

    /// The field as a type of the library; what the type refuses, it gives its own reason for.
    pub(crate) fn parsed<T: std::str::FromStr<Err = Invalid>>(self) -> Result<T, Finding> {
        self.text().parse().map_err(|invalid: Invalid| self.finding(format!("{} {}", invalid.field(), invalid.rule())))
    }
}

/// The lines that make up one row.
struct Record {
    line: u64,
    text: Vec<u8>,
    /// Whether every quote that was opened is closed again.
    closed: bool,
}

impl Record {
    fn fields(&self) -> io::Result<ByteRecord> {
        let mut fields = ByteRecord::new();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(self.text.len())
            .from_reader(self.text.as_slice());
        reader.read_byte_record(&mut fields).map_err(io::Error::other)?;
        Ok(fields)
    }
}

/// A quoted field may run over several lines, but not over more bytes than this: behind a quote that nobody closes would come the rest of the file.
const LIMIT_BYTES: usize = 1 << 20;

/// Joins lines to records.
struct Records<R> {
    input: R,
    /// Lines that were read behind a quote that turned out not to be closed.
    read_ahead: VecDeque<Vec<u8>>,
    next_line: u64,
    bytes_read: u64,
}

impl<R: BufRead> Records<R> {
    fn new(input: R) -> Self {
        Self { input, read_ahead: VecDeque::new(), next_line: 1, bytes_read: 0 }
    }

    /// The next record that is not an empty line.
    fn next_record(&mut self) -> io::Result<Option<Record>> {
        while let Some(first) = self.line()? {
            let record = self.record_from(first)?;
            if record.text.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    fn record_from(&mut self, first: Vec<u8>) -> io::Result<Record> {
        let line = self.next_line;
        let mut quotes = Quotes::default();
        quotes.read(&first);
        let mut bytes = first.len();
        let mut lines = vec![first];
        // The line in which the quote stands that is open at present.
        let mut opened_in = 0;
        while quotes.are_open() {
            let Some(more) = self.line()? else { break };
            bytes += more.len();
            if quotes.read(&more) {
                opened_in = lines.len();
            }
            lines.push(more);
            if bytes > LIMIT_BYTES {
                break;
            }
        }
        let closed = !quotes.are_open();
        if !closed {
            for behind in lines.drain(opened_in + 1..).rev() {
                self.read_ahead.push_front(behind);
            }
        }
        self.next_line += lines.len() as u64;
        Ok(Record { line, text: lines.concat(), closed })
    }

    /// The next line with its ending: LF, CRLF or CR.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.read_ahead.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        loop {
            let buffer = self.input.fill_buf()?;
            let end = buffer.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let taken = end.map_or(buffer.len(), |end| end + 1);
            line.extend_from_slice(&buffer[..taken]);
            let at_end_of_file = buffer.is_empty();
            self.input.consume(taken);
            if end.is_some() || at_end_of_file {
                break;
            }
        }
        if line.ends_with(b"\r") && self.input.fill_buf()?.starts_with(b"\n") {
            self.input.consume(1);
            line.push(b'\n');
        }
        let is_first = self.bytes_read == 0;
        self.bytes_read += line.len() as u64;
        if is_first && line.starts_with("\u{FEFF}".as_bytes()) {
            line.drain(.."\u{FEFF}".len());
        }
        Ok(Some(line).filter(|line| !line.is_empty()))
    }
}

/// Whether a quoted field is open (RFC 4180): a quote opens at the start of a field only, and two of them inside stand for one.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Quotes {
    #[default]
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

impl Quotes {
    fn are_open(self) -> bool {
        self == Self::Quoted
    }

    /// Reads on; tells whether a field was opened on the way.
    fn read(&mut self, line: &[u8]) -> bool {
        let mut opened = false;
        for byte in line {
            opened |= *self == Self::FieldStart && *byte == b'"';
            *self = match (*self, byte) {
                (Self::FieldStart | Self::QuoteInQuoted, b'"') => Self::Quoted,
                (Self::Quoted, b'"') => Self::QuoteInQuoted,
                (Self::Quoted, _) => Self::Quoted,
                (_, b',') => Self::FieldStart,
                _ => Self::Plain,
            };
        }
        opened
    }
}
