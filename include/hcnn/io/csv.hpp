// Comma-separated tables, read and written: history and confusion matrices.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/io/atomic_file.hpp"
#include "hcnn/io/input_file.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::io {

/// Largest memory for the fields of a table, bytes: 4 Mi short ones, the costs of 2,000 classes. A text of 64 MiB could
/// otherwise make 4 GiB of empty fields.
inline constexpr std::size_t kCsvBytes = std::size_t{1} << 27;

/// A table of text: a header, and rows with the same number of fields.
struct CsvTable {
  std::vector<std::string> header;             ///< names of the columns
  std::vector<std::vector<std::string>> rows;  ///< each as long as the header
};

/// The shortest text that parses to exactly this number.
inline std::string exact_text(double value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

/// Byte order mark that spreadsheets put before UTF-8.
inline constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// One line of a CSV file, ended by "\n". Fields that contain a comma, a quote or a line break, or start with a byte
/// order mark, are quoted and their quotes doubled (RFC 4180). Control characters other than tab and newline are
/// written as `\x1b`: a table printed in a terminal must not control it.
inline std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += ',';
    const bool quoted = field.empty()
                            ? fields.size() == 1
                            : field.starts_with(kByteOrderMark) || field.find_first_of(",\"\n") != std::string::npos;
    if (quoted) line += '"';
    for (const char character : printable(field, std::string::npos, "\n\t")) {
      if (character == '"') line += '"';
      line += character;
    }
    if (quoted) line += '"';
  }
  return line + "\n";
}

/// The table as CSV text. Throws DataError if a row has another number of fields than the header.
inline std::string to_text(const CsvTable& table) {
  std::string text = csv_line(table.header);
  for (const auto& row : table.rows) {
    if (row.size() != table.header.size())
      fail<DataError>("csv", concat("a row of ", row.size(), " fields"),
                      concat("the header has ", table.header.size()));
    text += csv_line(row);
  }
  return text;
}

/// Writes the table, all or nothing. Throws the Error of `write_file`.
inline void write_csv(const std::filesystem::path& path, const CsvTable& table) { write_file(path, to_text(table)); }

/// Reads CSV text one character at a time; see `parse_csv`.
class CsvParser {
 public:
  /// @param where start of every message
  CsvParser(std::string_view text, std::string where) : text_(text), where_(std::move(where)) {}

  /// Parses the whole text into a table; call once.
  CsvTable parse() {
    for (std::size_t i = 0; i < text_.size(); ++i) {
      take(text_[i], i + 1 < text_.size() && text_[i + 1] == '\n');
      line_ += text_[i] == '\n';
    }
    if (state_ == State::quoted) refuse("a quote that is never closed", "quotes come in pairs");
    if (state_ != State::start || row_.size() > 1) end_row();
    if (table_.header.empty()) refuse("an empty file", "a header line is needed");
    return std::move(table_);
  }

 private:
  enum class State { start, plain, quoted, after_quote };  // of the field being read
  static constexpr std::size_t kGrown = 3;
  static constexpr std::size_t kInside = 15;  // bytes that a std::string stores without the heap

  void take(char character, bool newline_follows) {
    if (state_ == State::quoted) {
      if (character == '"')
        state_ = State::after_quote;
      else
        row_.back() += character;
    } else if (character == '\n') {
      end_row();
    } else if (character == '\r' && newline_follows) {
      return;
    } else if (character == ',') {
      add_field();
    } else if (character == '"') {
      if (state_ == State::plain) refuse("a quote inside a field", "such a field must be quoted as a whole");
      if (state_ == State::after_quote) row_.back() += '"';  // second quote of a doubled one
      state_ = State::quoted;
    } else {
      if (state_ == State::after_quote)
        refuse("text after a closing quote", "a comma or the end of the line is needed");
      row_.back() += character;
      state_ = State::plain;
    }
  }

  void end_row() {
    count_memory();
    if (table_.header.empty())
      table_.header = std::move(row_);
    else if (row_.size() == table_.header.size())
      table_.rows.push_back(std::move(row_));
    else
      refuse(concat(row_.size(), " fields"), concat("the header has ", table_.header.size()));
    row_ = {};
    row_.reserve(table_.header.size());
    row_.emplace_back();
    state_ = State::start;
  }
  void add_field() {
    if (row_.size() == kCsvBytes / kGrown / sizeof row_[0]) refuse_size();
    row_.emplace_back();
    state_ = State::start;
  }
  // A vector that doubles briefly holds its values up to three times, and a string that grew has as much spare room.
  void count_memory() {
    bytes_ += kGrown * sizeof row_ + row_.capacity() * sizeof row_[0];
    for (const std::string& field : row_)
      if (field.capacity() > kInside) bytes_ += field.capacity();
    if (bytes_ > kCsvBytes) refuse_size();
  }

  [[noreturn]] void refuse_size() const {
    refuse("a table of too many fields", concat("at most ", kCsvBytes, " bytes of them are held"));
  }
  [[noreturn]] void refuse(const std::string& came, const std::string& expected) const {
    fail<FormatError>(concat(where_, ":", line_), came, expected);
  }

  std::string_view text_;
  std::string where_;
  CsvTable table_;
  std::vector<std::string> row_{""};
  State state_ = State::start;
  std::size_t line_ = 1;
  std::size_t bytes_ = 0;  // memory of all rows so far
};

/// The table in CSV text: lines end in "\n" or "\r\n", which may be missing in the last; a leading byte order mark, as
/// spreadsheets write it, is skipped. Throws FormatError, starting with `where` and naming the line, for an empty text,
/// a misplaced or unclosed quote, rows of unequal length, or more fields than kCsvBytes hold.
inline CsvTable parse_csv(std::string_view text, const std::string& where) {
  return CsvParser(text.substr(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0), where).parse();
}

/// The table in a file. Throws the FormatError of `parse_csv` and `read_file`.
inline CsvTable read_csv(const std::filesystem::path& path, std::uint64_t most_bytes = std::uint64_t{1} << 26) {
  return parse_csv(read_file(path, most_bytes), printable_path(path));
}

}  // namespace hcnn::io
