// Command lines as text that a shell reads back.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace examples {

/// A word of a command line, quoted where a shell would read something into it.
inline std::string shell_word(const std::string& word) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && std::strchr("-_./=:,+", c));
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

/// The words as one command line for a shell.
inline std::string shell_command(std::string program, const std::vector<std::string>& arguments) {
  for (const std::string& word : arguments) program += ' ' + shell_word(word);
  return program;
}
/// The command line that this program was started with, to be repeated: without its folder and without --out, which
/// must be another one.
inline std::string repeatable_command(int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--out")
      ++i;  // and its value
    else if (!word.starts_with("--out="))
      words.push_back(word);
  }
  return shell_command(std::filesystem::path(argv[0]).filename().string(), words);
}

}  // namespace examples
