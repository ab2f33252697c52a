// What tests ask of a message.
#pragma once

#include <string>

namespace hcnn::testing {

inline bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace hcnn::testing
