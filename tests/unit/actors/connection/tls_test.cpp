#include "actors/connection/tls.hpp"

#include "tests/unit/actors/connection/server_fixture.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <fstream>
#include <memory>
#include <sys/socket.h>
#include <sys/time.h>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;
using test::http_client;
using test::http_request_text;

template <class T, void (*Free)(T*)>
struct freer {
  void operator()(T* value) const { Free(value); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freer<EVP_PKEY, EVP_PKEY_free>>;
using cert_ptr = std::unique_ptr<X509, freer<X509, X509_free>>;
using ctx_ptr = std::unique_ptr<SSL_CTX, freer<SSL_CTX, SSL_CTX_free>>;
using ssl_ptr = std::unique_ptr<SSL, freer<SSL, SSL_free>>;

/// Writes a self-signed certificate for "localhost" and its key.
void make_certificate(const std::string& certificate_file, const std::string& key_file) {
  const key_ptr key(EVP_EC_gen("P-256"));
  const cert_ptr cert(X509_new());
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
  X509_set_pubkey(cert.get(), key.get());
  auto* name = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(cert.get(), name);
  X509_sign(cert.get(), key.get(), EVP_sha256());
  FILE* file = std::fopen(certificate_file.c_str(), "w");
  PEM_write_X509(file, cert.get());
  std::fclose(file);
  file = std::fopen(key_file.c_str(), "w");
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

/// A blocking TLS client on a test's socket.
class tls_client {
public:
  explicit tls_client(http_client& on, int max_version = TLS1_3_VERSION)
      : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_.get(), max_version);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_security_level(context_.get(), 0);
    const timeval patience{20, 0};
    ::setsockopt(on.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), on.fd());
    is_connected_ = SSL_connect(ssl_.get()) == 1;
  }
  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] std::string version() const { return SSL_get_version(ssl_.get()); }
  void send(std::string_view text) {
    ASSERT_GT(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())), 0);
  }
  std::string receive(std::size_t least) {
    std::string all;
    while (all.size() < least) {
      char piece[16384];
      const int n = SSL_read(ssl_.get(), piece, sizeof piece);
      if (n <= 0)
        break;
      all.append(piece, static_cast<std::size_t>(n));
    }
    return all;
  }
  /// Whether the server ended with a proper goodbye.
  bool is_ended() {
    char byte = 0;
    return SSL_read(ssl_.get(), &byte, 1) == 0 &&
           (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

private:
  ctx_ptr context_;
  ssl_ptr ssl_;
  bool is_connected_ = false;
};

class tls_test : public test::server_fixture {
protected:
  tls_test() {
    settings.tls.certificate = files.path() + "/cert.pem";
    settings.tls.key = files.path() + "/key.pem";
    make_certificate(settings.tls.certificate, settings.tls.key);
  }
  ~tls_test() override { stop(); }

  std::string refusal(const std::string& certificate, const std::string& key) const {
    const auto made = make_tls_context({certificate, key});
    if (made)
      return "made";
    EXPECT_TRUE(made.error().is(setup_error::tls_unusable));
    return made.error().detail;
  }
  [[nodiscard]] std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(files.path() + "/" + name) << text;
    return files.path() + "/" + name;
  }

  test::temporary_folder files;
};

TEST_F(tls_test, requests_work_over_tls_and_cookies_are_secure) {
  start();
  EXPECT_TRUE(server_->base_url().starts_with("https://"));
  auto socket = connect();
  tls_client client(socket);
  ASSERT_TRUE(client.is_connected());
  EXPECT_EQ(client.version(), "TLSv1.3");
  client.send(get("/api/v1/x"));
  EXPECT_NE(client.receive(100).find("GET /api/v1/x tester"), std::string::npos);
  client.send(http_request_text("POST", "/login",
                                "Content-Type: application/json\r\nConnection: close\r\n",
                                "{\"token\":\"" + secret_ + "\"}"));
  const auto answer = client.receive(600);
  EXPECT_NE(answer.find("Set-Cookie: __Host-roost_session_"), std::string::npos);
  EXPECT_NE(answer.find("; Secure"), std::string::npos);
  EXPECT_TRUE(client.is_ended());
}

TEST_F(tls_test, large_answers_and_bodies_arrive_whole) {
  api = [](const http_request& request, const responder& answer) {
    answer.send({200, {}, std::string(3'000'000, 'x') + std::to_string(request.body.size())});
  };
  start();
  auto socket = connect();
  tls_client client(socket);
  ASSERT_TRUE(client.is_connected());
  client.send(http_request_text("POST", "/api/v1/x", bearer() + "Connection: close\r\n",
                                std::string(900'000, 'y')));
  const auto answer = client.receive(std::size_t{1} << 30);
  EXPECT_GT(answer.size(), 3'000'000U);
  EXPECT_TRUE(answer.ends_with("x900000"));
}

TEST_F(tls_test, a_refusal_reaches_a_client_that_is_still_sending) {
  start();
  auto socket = connect();
  tls_client client(socket);
  ASSERT_TRUE(client.is_connected());
  client.send(http_request_text("POST", "/api/v1/x", "Content-Length: 900000\r\n"));
  for (int i = 0; i < 5; ++i)
    client.send(std::string(100'000, 'x'));
  EXPECT_NE(client.receive(300).find("401 Unauthorized"), std::string::npos);
}

TEST_F(tls_test, old_versions_are_refused) {
  start();
  auto old = connect();
  EXPECT_FALSE(tls_client(old, TLS1_1_VERSION).is_connected());
  auto fine = connect();
  tls_client client(fine, TLS1_2_VERSION);
  EXPECT_TRUE(client.is_connected());
  EXPECT_EQ(client.version(), "TLSv1.2");
}

TEST_F(tls_test, plain_http_gets_a_hint) {
  start();
  auto client = connect();
  const auto answer = client.exchange(http_request_text("GET", "/"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("https://"), std::string::npos);
  EXPECT_TRUE(client.is_closed_within());
}

TEST_F(tls_test, a_slow_handshake_is_closed) {
  settings.connections.handshake_timeout = 100ms;
  start();
  auto silent = connect();
  EXPECT_TRUE(silent.is_closed_within());
  auto stuck = connect();
  stuck.send("\x16\x03\x01");
  EXPECT_TRUE(stuck.is_closed_within());
  EXPECT_TRUE(has_no_connection());
}

TEST_F(tls_test, a_client_that_never_reads_is_cut) {
  settings.connections.write_timeout = 100ms;
  api = [](const http_request&, const responder& answer) {
    answer.send({200, {}, std::string(std::size_t{64} << 20, 'x')});
  };
  start();
  auto socket = connect();
  tls_client client(socket);
  client.send(get("/api/v1/x"));
  EXPECT_TRUE(test::eventually([&] { return places() == 1; }));
  EXPECT_TRUE(has_no_connection());
}

TEST_F(tls_test, the_unix_socket_stays_plain) {
  start();
  auto local = connect_unix();
  EXPECT_EQ(local.exchange(get("/api/v1/x")).status, 200);
}

TEST_F(tls_test, bad_files_are_named_with_their_key) {
  const auto& certificate = settings.tls.certificate;
  const auto& key = settings.tls.key;
  EXPECT_EQ(refusal(certificate, key), "made");
  EXPECT_TRUE(refusal(certificate, "").starts_with("tls.key"));
  EXPECT_TRUE(refusal("", key).starts_with("tls.certificate"));
  EXPECT_NE(refusal(files.path() + "/none", key).find("No such file"), std::string::npos);
  EXPECT_TRUE(refusal(files.path() + "/none", key).starts_with("tls.certificate"));
  EXPECT_TRUE(refusal(write("bad", "hello"), key).starts_with("tls.certificate"));
  EXPECT_TRUE(refusal(certificate, write("bad", "hello")).starts_with("tls.key"));
  make_certificate(files.path() + "/other-cert.pem", files.path() + "/other-key.pem");
  EXPECT_TRUE(refusal(certificate, files.path() + "/other-key.pem").starts_with("tls.key"));
}

} // namespace
} // namespace roost::connection
