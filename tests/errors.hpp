// The text of the error that a call throws.
#pragma once

#include <string>

namespace hcnn::testing {

/// Text of the error E that the call throws; "no error" where it returns, and anything else passes through.
template <class E, class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "no error";
}

/// True where the text is one line that contains the part.
inline bool names(const std::string& text, const std::string& part) {
  return text.find('\n') == std::string::npos && text.find(part) != std::string::npos;
}

}  // namespace hcnn::testing
