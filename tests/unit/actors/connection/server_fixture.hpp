#pragma once

#include "actors/connection/server.hpp"
#include "actors/runtime/io_threads.hpp"
#include "tests/unit/actors/connection/http_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace roost::test {

/// A folder that goes away with the test.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

/// Waits until something is true, looking again whenever `changed` or a short poll says so. False
/// when the deadline passes first.
bool eventually(const std::function<bool()>& is_true,
                std::chrono::milliseconds limit = std::chrono::seconds(20));

/// A real server on a free port and a Unix socket, on two threads, driven by real sockets.
class server_fixture : public testing::Test {
protected:
  server_fixture();
  ~server_fixture() override;

  /// Starts it; `settings`, `limits` and the handlers may be set before.
  void start();
  void stop();

  [[nodiscard]] http_client connect() const { return http_client::tcp(server_->port()); }
  [[nodiscard]] http_client connect_unix() const {
    return http_client::unix_socket(data_->socket_path());
  }
  [[nodiscard]] std::string bearer() const { return "Authorization: Bearer " + secret_ + "\r\n"; }
  /// A GET below /api with a good token.
  [[nodiscard]] std::string get(std::string_view target) const {
    return http_request_text("GET", target, bearer());
  }
  [[nodiscard]] bool has_no_connection() const {
    return eventually([&] { return server_->http_connections() == 0; });
  }

  config settings;
  /// Places taken, of all kinds.
  [[nodiscard]] std::size_t places() const {
    const auto used = desk_->usage();
    return used.websockets + used.http + used.local;
  }
  connection::http_limits limits;
  connection::http_handler api;
  connection::ws_callback on_websocket;

  temporary_folder folder_;
  runtime::io_threads io_{2};
  std::unique_ptr<connection::data_dir> data_;
  std::unique_ptr<connection::token_store> tokens_;
  std::shared_ptr<connection::pool_desk> desk_;
  std::unique_ptr<connection::server> server_;
  std::string secret_;
  std::string token_id_;
};

} // namespace roost::test
