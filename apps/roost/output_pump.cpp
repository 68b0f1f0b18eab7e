#include "apps/roost/output_pump.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

namespace roost::cli {

namespace {

constexpr std::size_t segment_max = 16U << 10U; // small pieces are joined up to this size

} // namespace

output_pump::output_pump(boost::asio::io_context& io, int fd,
                         std::function<void(std::uint64_t)> on_written,
                         std::function<void()> on_failed)
    : descriptor_(io, fd), on_written_(std::move(on_written)), on_failed_(std::move(on_failed)) {}

output_pump::~output_pump() { stop(); }

void output_pump::stop() {
  if (descriptor_.is_open())
    descriptor_.release();
}

void output_pump::push(std::string bytes, std::optional<std::uint64_t> end) {
  // The first segment may be in the kernel's hands.
  const std::size_t busy = is_writing_ ? 1 : 0;
  if (queue_.size() > busy && queue_.back().bytes.size() + bytes.size() <= segment_max) {
    queue_.back().bytes += bytes;
    if (end)
      queue_.back().end = end;
  } else {
    queue_.push_back({std::move(bytes), end});
  }
  write();
}

void output_pump::when_empty(std::function<void()> done) {
  if (queue_.empty())
    return done();
  when_empty_ = std::move(done);
}

void output_pump::write() {
  if (is_writing_ || queue_.empty() || !descriptor_.is_open())
    return;
  is_writing_ = true;
  boost::asio::async_write(descriptor_, boost::asio::buffer(queue_.front().bytes),
                           [this](const boost::system::error_code& error, std::size_t) {
                             if (error == boost::asio::error::operation_aborted)
                               return;
                             is_writing_ = false;
                             if (error) {
                               stop();
                               if (auto failed = std::exchange(on_failed_, {}))
                                 failed();
                               return;
                             }
                             const auto end = queue_.front().end;
                             queue_.pop_front();
                             if (end)
                               on_written_(*end);
                             write();
                             if (queue_.empty())
                               if (auto done = std::exchange(when_empty_, {}))
                                 done();
                           });
}

int reopen_for_writing(int fd) {
  struct stat kind {};
  if (::fstat(fd, &kind) != 0 || !(S_ISFIFO(kind.st_mode) || S_ISCHR(kind.st_mode)))
    return -1;
  const std::string name = "/proc/self/fd/" + std::to_string(fd);
  return ::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

} // namespace roost::cli
