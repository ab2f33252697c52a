// Reads the numbers that PyTorch computed for the tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace reference {

/// The file of this folder; throws std::runtime_error where it is missing.
inline nlohmann::json load_json(const std::string& name) {
  const auto path = std::filesystem::path(__FILE__).parent_path() / name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("missing " + path.string());
  return nlohmann::json::parse(file);
}

}  // namespace reference
