#include "actors/terminal/pty_io.hpp"

#include <boost/asio/buffer.hpp>

namespace roost::terminal {

namespace asio = boost::asio;

std::shared_ptr<pty_io> pty_io::open(asio::io_context& io, child program) {
  return std::shared_ptr<pty_io>(new pty_io(io, std::move(program)));
}

pty_io::pty_io(asio::io_context& io, child program)
    : io_(&io), master_(io), pidfd_(io), tty_(std::move(program.tty)),
      master_fd_(program.master.get()), pid_(program.pid) {
  master_->assign(program.master.release());
  pidfd_.assign(program.pidfd.release());
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

void pty_io::wait_exit(exit_handler done) {
  // Not tied to `close`: the exit must be collected whoever still wants to know of it.
  pidfd_.async_wait(
      asio::posix::stream_descriptor::wait_read,
      [self = shared_from_this(), done = std::move(done)](boost::system::error_code ec) {
        if (ec)
          return;
        auto outcome = poll_exit(self->pidfd_.native_handle());
        if (outcome && !*outcome) { // Asio may wake for an event of an earlier descriptor
          self->wait_exit(done);
          return;
        }
        self->leader_.store(leader_state::reaped, std::memory_order_release);
        boost::system::error_code ignored; // closing a pidfd cannot fail in a way that matters
        self->pidfd_.close(ignored);
        // Without a status (somebody else collected it) the end itself is still a fact.
        done(outcome ? **outcome : exit_outcome{});
      });
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

void pty_io::signal(int number) {
  signal_session(master_->is_open() ? master_fd_ : -1, pid_, number,
                 leader_.load(std::memory_order_acquire));
}

void pty_io::close() {
  boost::system::error_code ignored; // nothing is left to lose on this descriptor
  master_->close(ignored);
}

} // namespace roost::terminal
