#include "actors/connection/listener.hpp"

#include "actors/runtime/log.hpp"

#include <boost/asio/post.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include <fmt/format.h>

namespace roost::connection {

namespace {

constexpr int backlog = 1024;
// Accepted in a row before other work of this thread gets its turn: even a refusal takes 10 µs.
constexpr int batch = 8;
constexpr std::chrono::milliseconds pause_when_exhausted{100};

const log::logger& logger() {
  static const log::logger instance(log::context{"listener", 0, {}, {}});
  return instance;
}

std::string error_text(int error) {
  return std::error_code(error, std::system_category()).message();
}

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

std::string numeric_address(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    else
      inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

/// Who has come; nothing, and the descriptor closed, when that cannot be told.
std::optional<arrival> describe(int fd, const sockaddr_storage& peer) {
  arrival from{fd, {}, peer.ss_family != AF_INET && peer.ss_family != AF_INET6, 0};
  if (!from.is_local) {
    from.address = numeric_address(peer);
    return from;
  }
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
    ::close(fd);
    return std::nullopt;
  }
  from.address = "unix";
  from.uid = who.uid;
  return from;
}

/// Errors of accept that belong to one connection, not to the listener (accept(2)).
bool is_about_one_peer(int error) {
  switch (error) {
  case EINTR:
  case ECONNABORTED:
  case EPROTO:
  case ENETDOWN:
  case ENOPROTOOPT:
  case EHOSTDOWN:
  case ENONET:
  case EHOSTUNREACH:
  case EOPNOTSUPP:
  case ENETUNREACH:
  case EPERM:
  case ETIMEDOUT:
    return true;
  default:
    return false;
  }
}

} // namespace

listener::listener(boost::asio::io_context& io, int fd, handler on_accept)
    : socket_(io.get_executor(), fd), pause_(socket_.get_executor()),
      on_accept_(std::move(on_accept)), reserve_fd_(open_reserve()) {}

listener::~listener() {
  if (reserve_fd_ >= 0)
    ::close(reserve_fd_);
}

void listener::start() {
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] { self->wait(); });
}

void listener::stop() {
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->is_stopped_ = true;
    self->pause_.cancel();
    boost::system::error_code ignored; // closing is all that is left to do
    self->socket_.close(ignored);
  });
}

void listener::wait() {
  if (is_stopped_)
    return;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& ec) {
                       if (!ec && !self->is_stopped_)
                         self->accept_batch();
                     });
}

void listener::accept_batch() {
  for (int i = 0; i < batch; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      if (auto from = describe(fd, peer))
        on_accept_(std::move(*from));
      continue;
    }
    if (is_about_one_peer(errno))
      continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      break;
    const int error = errno;
    logger().warn("the listener cannot accept", log::kv("reason", error_text(error)));
    if (error == EMFILE || error == ENFILE)
      refuse_one();
    pause_.expires_after(pause_when_exhausted);
    pause_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec)
        self->wait();
    });
    return;
  }
  wait();
}

// Without a descriptor to spare, the client would hang in the kernel's queue and the listener would
// be readable for ever: let go of the reserve for a moment to accept and close.
void listener::refuse_one() {
  if (reserve_fd_ >= 0)
    ::close(reserve_fd_);
  const int fd = ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0)
    ::close(fd);
  reserve_fd_ = open_reserve();
}

std::optional<accepted> adopt(arrival from, boost::asio::io_context& home) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (::getsockname(from.fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    ::close(from.fd);
    return std::nullopt;
  }
  accepted result{plain_socket(home.get_executor()), std::move(from.address), {}, from.uid};
  if (!from.is_local) {
    const int on = 1;
    ::setsockopt(from.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    result.local_address = numeric_address(local);
  }
  boost::system::error_code ec;
  result.socket.assign(
      boost::asio::generic::stream_protocol(local.ss_family, from.is_local ? 0 : IPPROTO_TCP),
      from.fd, ec);
  if (ec) {
    logger().warn("the listener cannot register a socket", log::kv("reason", ec.message()));
    ::close(from.fd);
    return std::nullopt;
  }
  return result;
}

namespace {

struct address_list {
  addrinfo* first = nullptr;
  ~address_list() {
    if (first != nullptr)
      ::freeaddrinfo(first);
  }
};

void close_all(const std::vector<int>& fds) {
  for (const int fd : fds)
    ::close(fd);
}

/// Binds one address. Zero or the errno.
int bind_one(int fd, const addrinfo& where, std::uint16_t port) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage address{};
  std::memcpy(&address, where.ai_addr, where.ai_addrlen);
  if (where.ai_family == AF_INET6) {
    // Each family has its own socket, so that an address of one is never shown as one of the other.
    // The wildcard alone takes both: people write [::] for "everything".
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    const int only = IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr) ? 0 : 1;
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    v6.sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(address).sin_port = htons(port);
  }
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), where.ai_addrlen) != 0 ||
      ::listen(fd, backlog) != 0)
    return errno;
  return 0;
}

} // namespace

result<std::vector<int>> listen_tcp(const endpoint& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  address_list found;
  if (const int error = ::getaddrinfo(where.host.c_str(), nullptr, &hints, &found.first);
      error != 0)
    return failure(setup_error::bad_configuration,
                   fmt::format("listen: {}: {}", where.host, ::gai_strerror(error)));

  std::vector<int> fds;
  auto port = where.port;
  int missing_family = 0;
  for (const auto* at = found.first; at != nullptr; at = at->ai_next) {
    const int fd = ::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) {
      missing_family = errno;
      continue;
    }
    const int error = bind_one(fd, *at, port);
    if (error == 0) {
      fds.push_back(fd);
      if (port == 0)
        port = local_port(fd);
      continue;
    }
    ::close(fd);
    // `localhost` names ::1 also where IPv6 is switched off.
    if (error == EADDRNOTAVAIL && found.first->ai_next != nullptr) {
      missing_family = error;
      continue;
    }
    close_all(fds);
    const auto text = to_string(endpoint{where.host, where.port});
    if (error == EADDRINUSE)
      return failure(setup_error::address_in_use,
                     fmt::format("{} is taken by another program; give another --listen", text));
    if (error == EACCES)
      return failure(setup_error::bad_configuration,
                     fmt::format("listen: {}: ports below 1024 need CAP_NET_BIND_SERVICE", text));
    return failure(setup_error::bad_configuration,
                   fmt::format("listen: {}: {}", text, error_text(error)));
  }
  if (fds.empty())
    return failure(setup_error::bad_configuration,
                   fmt::format("listen: {}: {}", to_string(where), error_text(missing_family)));
  return fds;
}

std::uint16_t local_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return 0;
  return address.ss_family == AF_INET6
             ? ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port)
             : ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

result<int> listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return failure(setup_error::data_dir_unusable,
                   fmt::format("{}: a Unix socket's path has at most {} bytes; give a shorter "
                               "--data-dir",
                               path, sizeof address.sun_path - 1));
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const auto failed = [&](int fd) {
    const int error = errno;
    if (fd >= 0)
      ::close(fd);
    return failure(setup_error::data_dir_unusable, fmt::format("{}: {}", path, error_text(error)));
  };

  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode))
      return failure(setup_error::data_dir_unusable,
                     fmt::format("{} is in the way: it is not a socket", path));
    if (::unlink(path.c_str()) != 0)
      return failed(-1);
  }
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  // fchmod before bind gives the file its mode from the first moment on.
  if (fd < 0 || ::fchmod(fd, S_IRUSR | S_IWUSR) != 0 ||
      ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(fd, backlog) != 0)
    return failed(fd);
  return fd;
}

} // namespace roost::connection
