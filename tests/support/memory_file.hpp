#pragma once

#include "actors/terminal/pty/unique_fd.hpp"
#include "protocols/wire/session_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace roost::test {

/// A session's memory as the keeper makes it: of `segments` segments, sealed, for the owner
/// `generation`.
class memory_file {
public:
  explicit memory_file(std::size_t segments, std::uint64_t generation = 1,
                       unsigned seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
      : map_{segments}, file_(::memfd_create("session", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
    if (file_.get() < 0 || ::ftruncate(file_.get(), static_cast<off_t>(map_.size())) != 0)
      throw std::runtime_error("no memory for a test");
    base_ = static_cast<char*>(
        ::mmap(nullptr, map_.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0));
    if (base_ == MAP_FAILED)
      throw std::runtime_error("no memory for a test");
    auto& h = header();
    h.magic = keeper::memory_magic;
    h.version = keeper::layout_version;
    h.segments = static_cast<std::uint32_t>(segments);
    h.check = keeper::header_check(h.magic, h.version, h.segments);
    hand_to(generation);
    if (seals != 0)
      ::fcntl(file_.get(), F_ADD_SEALS, seals);
  }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;
  ~memory_file() { ::munmap(base_, map_.size()); }

  /// Another owner comes, the ones before are fenced off.
  void hand_to(std::uint64_t generation) const { header().owner.store(generation); }

  /// A descriptor for a server.
  [[nodiscard]] terminal::unique_fd fd() const {
    return terminal::unique_fd(::fcntl(file_.get(), F_DUPFD_CLOEXEC, 0));
  }
  /// Another file with what is written in this one.
  void copy_to(memory_file& other) const {
    for (auto at = ::lseek(file_.get(), 0, SEEK_DATA); at >= 0;) {
      const auto end = ::lseek(file_.get(), at, SEEK_HOLE);
      std::copy(base_ + at, base_ + end, other.base_ + at);
      at = ::lseek(file_.get(), end, SEEK_DATA);
    }
  }

  [[nodiscard]] const keeper::memory_map& map() const { return map_; }
  [[nodiscard]] char* bytes() const { return base_; }
  [[nodiscard]] keeper::memory_header& header() const {
    return *reinterpret_cast<keeper::memory_header*>(base_);
  }
  [[nodiscard]] keeper::segment_record& record(std::size_t index) const {
    return reinterpret_cast<keeper::segment_record*>(base_ + map_.records())[index];
  }

private:
  keeper::memory_map map_;
  terminal::unique_fd file_;
  char* base_ = nullptr;
};

/// A stream whose every byte is known by its offset, with no short period.
inline char known_byte(std::uint64_t offset) {
  return static_cast<char>(keeper::mix(offset / 8) >> (offset % 8 * 8));
}
inline std::string known_bytes(std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  for (auto& c : bytes)
    c = known_byte(offset++);
  return bytes;
}

} // namespace roost::test
