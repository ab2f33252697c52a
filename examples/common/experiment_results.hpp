// The published side of an experiment: a folder for each finished cell, a table of all of them, pictures of groups.
#pragma once

#include <algorithm>
#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include "examples/common/experiment_options.hpp"
#include "examples/common/experiment_summary.hpp"

namespace examples {

/// First epoch whose validation accuracy reaches 95 % of the best one, and the minutes until its end.
inline std::pair<Index, double> nearly_best(const metrics::History& history) {
  const double best = history.best("val.fine.top1", true).get("val.fine.top1");
  double seconds = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    seconds += history[i].seconds;
    if (history[i].get("val.fine.top1") >= 0.95 * best) return {history[i].epoch, seconds / 60};
  }
  return {0, 0};
}

/// The columns of table.csv.
inline const std::vector<std::string>& results_header() {
  static const std::vector<std::string> header = {"cell",
                                                  "test fine %",
                                                  "superclass %",
                                                  "group %",
                                                  "train fine %",
                                                  "val fine %",
                                                  "HD@1",
                                                  "MS",
                                                  "heads agree %",
                                                  "correct",
                                                  "severity 1",
                                                  "severity 2",
                                                  "severity 3",
                                                  "train loss first",
                                                  "train loss last",
                                                  "val loss first",
                                                  "val loss last",
                                                  "epochs",
                                                  "epochs to 95 % of best",
                                                  "minutes to it",
                                                  "minutes",
                                                  "parameters",
                                                  "precision",
                                                  "instruction set",
                                                  "seed",
                                                  "commit"};
  return header;
}

/// The row of a finished cell in table.csv.
inline std::vector<std::string> results_row(const run::FinishedRun& run) {
  const io::Json &metrics = run.metrics, &loss = metrics["loss"];
  const auto accuracy = [&](const char* level) {  // by its own head, else by the lifted fine prediction
    for (const auto& [name, top1] : run.levels)
      if (name == level) return decimal(100 * top1, 2);
    return decimal(100 * metrics.at(run.part).at("from_fine").at(level).at("top1").get<double>(), 2);
  };
  const auto agree = value_in(metrics[run.part], {"", {"agreement", "all"}, 100, 2});
  const auto [epoch, minutes] = nearly_best(run.figures.history);
  std::vector<std::string> row = {run.figures.name,
                                  accuracy("fine"),
                                  accuracy("superclass"),
                                  accuracy("group"),
                                  decimal(100 * metrics["train"]["fine"]["top1"].get<double>(), 2),
                                  decimal(100 * metrics["val"]["fine"]["top1"].get<double>(), 2),
                                  decimal(run.figures.hd1, 4),
                                  decimal(run.figures.ms, 4),
                                  agree ? decimal(*agree, 2) : "-"};
  for (const Index count : run.figures.severities) row.push_back(std::to_string(count));
  for (const char* part : {"train", "val"})
    for (const char* when : {"first", "last"}) row.push_back(decimal(loss[part][when].get<double>(), 3));
  row.insert(row.end(), {std::to_string(run.figures.history.size()), std::to_string(epoch), decimal(minutes, 1),
                         decimal(metrics["seconds"].get<double>() / 60, 1), metrics["parameters"]["total"].dump(),
                         metrics["precision"], metrics["isa"], std::to_string(metrics["seed"].get<std::uint64_t>()),
                         metrics["commit"]});
  return row;
}

/// A table in Markdown.
inline std::string markdown(const io::CsvTable& table) {
  const auto line = [](const std::vector<std::string>& fields) {
    std::string text = "|";
    for (const std::string& field : fields) text += ' ' + field + " |";
    return text + '\n';
  };
  std::string text = line(table.header) + line(std::vector<std::string>(table.header.size(), "---"));
  for (const auto& row : table.rows) text += line(row);
  return text;
}

/// The folder of an experiment's results.
class ExperimentResults {
 public:
  ExperimentResults(const Experiment& experiment, std::filesystem::path folder)
      : experiment_(experiment), folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  /// True where the cell is published. Throws OptionError where that was made by another command than the one given.
  bool finished(const Cell& cell, const std::string& command) const {
    if (!published(cell)) return false;
    const run::RunFolder folder = of_cell(cell.name);
    const std::string made_by = io::read_json(folder.config()).value("command", "");
    if (made_by != command)
      fail<OptionError>(io::printable_path(folder.path()), "made by " + printable(made_by, 1000),
                        "this cell is " + command + ": give another --results, or remove the folder");
    return true;
  }
  bool published(const Cell& cell) const { return std::filesystem::exists(of_cell(cell.name).metrics()); }

  /// Copies what others may want to see of a finished run, writes the tables again and prints the cell's figures.
  /// @param rules what the rulings of the experiment gave, by name; null: there are none
  void publish(const Cell& cell, const run::RunFolder& from, const std::string& command, const io::Json& rules) const {
    const std::vector<std::string> row = results_row(run::read_runs({from.path()}).front());  // what fails, fails here
    const run::RunFolder to = of_cell(cell.name);
    std::filesystem::create_directories(to.path());
    io::Json config = io::read_json(from.config());
    config.erase("data_folder");
    if (!cell.begins_from.empty()) config[cell.begins_with.substr(2)] = cell.begins_from + "/last.safetensors";
    config["command"] = command;
    io::write_json(to.config(), config);
    for (const auto& entry : std::filesystem::directory_iterator(from.path()))
      if (const std::string name = entry.path().filename().string();
          name == "history.csv" || (name.starts_with("confusion_") && name.ends_with(".csv")))
        io::write_file(to.path() / name, io::read_file(entry.path(), std::uint64_t{1} << 26));
    publish_rules(cell, rules);
    io::write_json(to.metrics(), io::read_json(from.metrics()));  // the last one: it says that the cell is finished
    print(row);
    write_tables();
  }

  /// Writes what the rulings gave, by name; null: there are none.
  void publish_rules(const Cell& cell, const io::Json& rules) const {
    if (!rules.is_null()) io::write_json(rules_file(cell), rules);
  }
  /// True where a ruling of the experiment has not been measured with the published cell.
  bool lacks_rules(const Cell& cell) const {
    const io::Json rules =
        std::filesystem::exists(rules_file(cell)) ? io::read_json(rules_file(cell)) : io::Json::object();
    return std::any_of(experiment_.rulings.begin(), experiment_.rulings.end(),
                       [&](const Ruling& ruling) { return !rules.contains(ruling.name); });
  }

  /// Writes table.csv, table.md and the pictures of every group that has two finished cells.
  void write_tables() const {
    std::filesystem::create_directories(folder_);
    const io::CsvTable table = results();
    io::write_csv(folder_ / "table.csv", table);
    io::write_file(folder_ / "table.md", markdown(table));
    if (experiment_.seeds) write_summary();
    for (const CellGroup& group : experiment_.groups) {
      std::vector<report::ComparedRun> figures;
      std::vector<std::string> severities;
      for (const run::FinishedRun& run : read(group.cells)) {
        figures.push_back(run.figures);
        severities = run.severities;
      }
      if (figures.size() < 2) continue;
      const auto write = [&](const char* kind, const io::Image& image) {
        io::write_file(folder_ / (group.name + '_' + kind + ".png"), io::encode_png(image));
      };
      write("curves", report::curves(report::comparison_panels(figures)));
      write("severity", report::severity_bars(figures, severities));
      if (experiment_.minutes) write("minutes", minutes_picture(read(group.cells)));
    }
  }

  /// The folder of a published cell.
  run::RunFolder of_cell(const std::string& name) const { return run::RunFolder(folder_ / name); }

  /// Prints the figures of every finished cell.
  void print() const {
    for (const auto& row : results().rows) print(row);
  }

 private:
  std::filesystem::path rules_file(const Cell& cell) const { return of_cell(cell.name).path() / "rules.json"; }
  std::vector<run::FinishedRun> read(const std::vector<std::string>& names) const {
    std::vector<std::filesystem::path> folders;
    for (const std::string& name : names)
      if (published(experiment_.cell(name))) folders.push_back(of_cell(name).path());
    return run::read_runs(folders);
  }
  void write_summary() const {
    std::vector<std::string> names;
    for (const Cell& cell : experiment_.cells) names.push_back(cell.name);
    const io::CsvTable summary = summary_table(experiment_, read(names));
    io::write_csv(folder_ / "summary.csv", summary);
    io::write_file(folder_ / "summary.md", markdown(summary));
  }
  io::CsvTable results() const {
    std::vector<std::string> names;
    for (const Cell& cell : experiment_.cells) names.push_back(cell.name);
    io::CsvTable table{results_header(), {}};
    for (const run::FinishedRun& run : read(names)) table.rows.push_back(results_row(run));
    return table;
  }
  static void print(const std::vector<std::string>& row) {
    const auto field = [&](const char* title) {
      const auto& header = results_header();
      return row[static_cast<std::size_t>(std::find(header.begin(), header.end(), title) - header.begin())];
    };
    std::cout << field("cell") << ": test " << field("test fine %") << " / " << field("superclass %") << " / "
              << field("group %") << " % fine / superclass / group, train " << field("train fine %") << " % fine, HD@1 "
              << field("HD@1") << ", MS " << field("MS") << std::endl;
  }

  const Experiment& experiment_;
  std::filesystem::path folder_;
};

}  // namespace examples
