#include "actors/terminal/pty_io.hpp"

#include <boost/asio/buffer.hpp>

namespace roost::terminal {

namespace asio = boost::asio;

std::shared_ptr<pty_io> pty_io::open(asio::io_context& io, unique_fd master) {
  return std::shared_ptr<pty_io>(new pty_io(io, std::move(master)));
}

pty_io::pty_io(asio::io_context& io, unique_fd master)
    : io_(&io), master_(io), master_fd_(master.get()) {
  master_->assign(master.release());
}

void pty_io::wait_readable(ready_handler done) {
  master_->async_wait(
      asio::posix::stream_descriptor::wait_read,
      [self = shared_from_this(), done = std::move(done)](boost::system::error_code) { done(); });
}

void pty_io::cancel_wait() {
  boost::system::error_code ignored; // nothing to cancel is as good
  master_->cancel(ignored);
}

void pty_io::move_to(asio::io_context& io) {
  if (!master_->is_open() || io_ == &io)
    return;
  const int fd = master_->release();
  master_.emplace(io, fd);
  io_ = &io;
}

void pty_io::wait_writable(ready_handler done) {
  master_->async_wait(
      asio::posix::stream_descriptor::wait_write,
      [self = shared_from_this(), done = std::move(done)](boost::system::error_code) { done(); });
}

pty_transfer pty_io::try_read(std::span<char> room) {
  if (!master_->is_open())
    return {0, pty_state::ended};
  return read_some(master_fd_, room);
}

pty_transfer pty_io::try_write(std::string_view bytes) {
  if (!master_->is_open())
    return {0, pty_state::ended};
  return write_some(master_fd_, bytes);
}

void pty_io::close() {
  boost::system::error_code ignored; // nothing is left to lose on this descriptor
  master_->close(ignored);
  master_fd_ = -1; // the number is soon another's
}

} // namespace roost::terminal
