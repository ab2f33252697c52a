// CSV tables: what is read is written and read again, but for the control characters that the writer spells out.
#include "hcnn/io/csv.hpp"

#include "fuzz/support/target.hpp"

namespace {

void run_csv(fuzz::Bytes bytes) {
  using namespace hcnn;
  const auto table =
      fuzz::checked(io::kCsvBytes + fuzz::allowed(bytes.size()), [&] { return io::parse_csv(bytes, "x.csv"); });
  if (!table) return;
  fuzz::claim(!table->header.empty(), "a table without a header");
  for (const auto& row : table->rows) fuzz::claim(row.size() == table->header.size(), "a row of another length");
  const std::string text = fuzz::must("a table that was read has no text", [&] { return io::to_text(*table); });
  const io::CsvTable copy =
      fuzz::must("a table that was written cannot be read", [&] { return io::parse_csv(text, "x"); });
  fuzz::claim(io::to_text(copy) == text, "a table that was written comes back as another one");
  fuzz::claim(copy.rows.size() == table->rows.size(), "a table that was written has another number of rows");
}

const fuzz::Registration csv_target("csv", run_csv);

}  // namespace
