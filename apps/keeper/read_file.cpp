#include "apps/keeper/read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "apps/keeper/descriptor.hpp"

namespace roost::keeper {

std::string read_file(const char* path) {
  std::string out;
  const descriptor fd(::open(path, O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> piece;
  for (;;) {
    const auto got = fd ? ::read(fd.get(), piece.data(), piece.size()) : 0;
    if (got <= 0)
      return out;
    out.append(piece.data(), static_cast<std::size_t>(got));
  }
}

} // namespace roost::keeper
