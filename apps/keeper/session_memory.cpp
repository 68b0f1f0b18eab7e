#include "apps/keeper/session_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <new>

namespace roost::keeper {

std::optional<session_memory> session_memory::make(std::uint64_t history) {
  // The first comparison keeps the second from overflowing.
  if (history > std::uint64_t{most_segments} * segment_bytes ||
      segments_for(history) > most_segments) {
    errno = EINVAL;
    return std::nullopt;
  }
  session_memory out;
  out.map_.segments = segments_for(history);
  out.file_ = std::make_shared<const descriptor>(
      ::memfd_create("roost-session", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const int fd = out.file_->get();
  if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(out.map_.size())) != 0 ||
      ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return std::nullopt;
  // With its pages at once: without memory for one later we would be killed.
  void* mapped =
      ::mmap(nullptr, out.map_.note(0), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (mapped == MAP_FAILED)
    return std::nullopt;
  out.mapped_ = mapped;
  // A warden's copy of the mapping would hold the memory when the session is long forgotten.
  ::madvise(mapped, out.map_.note(0), MADV_DONTFORK);
  auto& header = *new (mapped) memory_header; // of pages that are zero
  header.magic = memory_magic;
  header.version = layout_version;
  header.segments = static_cast<std::uint32_t>(out.map_.segments);
  header.check = header_check(header.magic, header.version, header.segments);
  return out;
}

session_memory::session_memory(session_memory&& other) noexcept
    : file_(std::move(other.file_)), map_(other.map_),
      mapped_(std::exchange(other.mapped_, nullptr)) {}

session_memory& session_memory::operator=(session_memory&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(map_, other.map_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

session_memory::~session_memory() {
  if (mapped_ != nullptr)
    ::munmap(mapped_, map_.note(0));
}

void session_memory::set_owner(std::uint64_t generation) {
  header().owner.store(generation, std::memory_order_seq_cst);
}

memory_header& session_memory::header() const { return *static_cast<memory_header*>(mapped_); }

segment_record& session_memory::record(std::size_t index) const {
  return reinterpret_cast<segment_record*>(static_cast<char*>(mapped_) + map_.records())[index];
}

} // namespace roost::keeper
