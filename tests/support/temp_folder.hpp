#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace roost::test {

/// A folder of its own below the system's temporary folder, removed with all it holds.
class temp_folder {
public:
  temp_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "roost-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  temp_folder(const temp_folder&) = delete;
  temp_folder& operator=(const temp_folder&) = delete;
  ~temp_folder() {
    std::error_code ignored; // a leftover in the temporary folder fails no test
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  /// Makes a folder; returns its path.
  std::string folder(const std::string& name) const {
    std::filesystem::create_directories(*this / name);
    return *this / name;
  }

  /// Writes a file with these permissions; returns its path.
  std::string file(const std::string& name, const std::string& text, unsigned mode = 0644) const {
    std::ofstream(*this / name, std::ios::binary) << text;
    std::filesystem::permissions(*this / name, static_cast<std::filesystem::perms>(mode));
    return *this / name;
  }

private:
  std::string path_;
};

} // namespace roost::test
