// The practical limit: a single-threaded relay between a PTY and a Beast WebSocket. No history, no
// screen, no other viewer, no login. usage: relay DRAIN_BYTES COMMAND…   prints `listening PORT`
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using boost::system::error_code;

std::size_t drain_bytes = 65536;
char** command = nullptr;

class session : public std::enable_shared_from_this<session> {
public:
  explicit session(tcp::socket socket)
      : pty_{socket.get_executor()}, ws_{std::move(socket)}, output_{new char[drain_bytes]} {}

  ~session() {
    if (pid_ > 0) {
      pty_.close();
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  void start() {
    ws_.binary(true);
    ws_.auto_fragment(false);
    ws_.async_accept([self = shared_from_this()](error_code ec) {
      if (!ec && self->spawn()) {
        self->read_pty();
        self->read_socket();
      }
    });
  }

private:
  bool spawn() {
    int master = -1;
    winsize size{24, 80, 0, 0};
    pid_ = forkpty(&master, nullptr, nullptr, &size);
    if (pid_ == 0) {
      close_range(3, ~0U, 0);
      execv(command[0], command);
      _exit(127);
    }
    if (pid_ < 0)
      return false;
    pty_.assign(master);
    pty_.non_blocking(true);
    return true;
  }

  void read_pty() {
    pty_.async_wait(asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](error_code ec) {
                      if (!ec)
                        self->forward();
                    });
  }

  /// Takes what the kernel has, up to the drain limit, and sends it as one message.
  void forward() {
    std::size_t have = 0;
    while (have < drain_bytes) {
      const auto n = ::read(pty_.native_handle(), output_.get() + have, drain_bytes - have);
      if (n <= 0)
        break;
      have += static_cast<std::size_t>(n);
    }
    if (have == 0)
      return; // the program is gone
    ws_.async_write(asio::buffer(output_.get(), have),
                    [self = shared_from_this()](error_code ec, std::size_t) {
                      if (!ec)
                        self->read_pty();
                    });
  }

  void read_socket() {
    ws_.async_read(input_, [self = shared_from_this()](error_code ec, std::size_t) {
      if (ec) {
        error_code ignored; // a closed descriptor is what we want
        self->pty_.close(ignored);
        return;
      }
      const auto data = self->input_.cdata();
      if (::write(self->pty_.native_handle(), data.data(), data.size()) < 0)
        return;
      self->input_.clear();
      self->read_socket();
    });
  }

  asio::posix::stream_descriptor pty_;
  beast::websocket::stream<tcp::socket> ws_;
  beast::flat_buffer input_;
  std::unique_ptr<char[]> output_; ///< not cleared: pages that are never used cost nothing
  pid_t pid_ = -1;
};

void accept(tcp::acceptor& acceptor) {
  acceptor.async_accept([&acceptor](error_code ec, tcp::socket socket) {
    if (!ec) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<session>(std::move(socket))->start();
    }
    accept(acceptor);
  });
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3)
    return 64;
  drain_bytes = std::strtoull(argv[1], nullptr, 10);
  command = argv + 2;
  asio::io_context context{1};
  tcp::acceptor acceptor{context, {asio::ip::make_address("127.0.0.1"), 0}};
  acceptor.listen(1024);
  std::printf("listening %u\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  accept(acceptor);
  context.run();
}
