package dev.nacelle.base.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.net.http.HttpClient.Version;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Answers whose body is a part of a file. */
class FileAnswerTest {
  private static final int OFFSET = 12_345;
  private static final int SIZE = 3 << 20;

  @TempDir Path directory;
  private final byte[] content = new byte[OFFSET + SIZE + 10];
  private Path file;

  @BeforeEach
  void makeFile() throws IOException {
    new Random(1).nextBytes(content);
    file = Files.write(directory.resolve("file"), content);
  }

  private void answer(HttpExchange exchange) throws IOException, InterruptedException {
    Headers headers =
        exchange.path().equals("/announced")
            ? Headers.of("content-length", Integer.toString(SIZE + 2))
            : Headers.EMPTY;
    try (FileChannel channel = FileChannel.open(file);
        ResponseStream out = exchange.respondStreaming(200, headers)) {
      out.write(Bytes.utf8("<"));
      out.writeFile(channel, OFFSET, SIZE);
      out.write(Bytes.utf8(">"));
    }
  }

  private void requirePart(byte[] body) {
    assertThat(body.length).isEqualTo(SIZE + 2);
    assertThat(body[0]).isEqualTo((byte) '<');
    assertThat(body[SIZE + 1]).isEqualTo((byte) '>');
    assertThat(Arrays.copyOfRange(body, 1, SIZE + 1))
        .isEqualTo(Arrays.copyOfRange(content, OFFSET, OFFSET + SIZE));
  }

  @ParameterizedTest
  @EnumSource(Version.class)
  void aPartOfAFileIsSentOverTls(Version version) throws Exception {
    try (var server = TestServer.tls(this::answer);
        var client = TestServer.foreign(version, Optional.empty())) {
      for (String path : new String[] {"/announced", "/chunked"}) {
        var request = java.net.http.HttpRequest.newBuilder(server.uri(path)).build();
        requirePart(client.send(request, BodyHandlers.ofByteArray()).body());
      }
    }
  }

  @Test
  void aPartOfAFileIsSentInTheClear() throws Exception {
    try (var server = TestServer.plain(this::answer);
        var client = TestServer.client().build()) {
      for (String path : new String[] {"/announced", "/chunked"}) {
        try (HttpResponse response =
            client.send(
                new HttpRequest(
                    "GET", server.uri(path), Headers.EMPTY, new HttpRequest.Body.Empty()))) {
          requirePart(response.body().readAllBytes());
        }
      }
    }
  }

  @Test
  void aFileThatIsTooShortCutsTheAnswer() throws Exception {
    HttpHandler handler =
        exchange -> {
          try (FileChannel channel = FileChannel.open(file)) {
            exchange
                .respondStreaming(200, Headers.of("content-length", "99999999"))
                .writeFile(channel, 0, 99_999_999);
          }
        };
    try (var server = TestServer.plain(handler);
        var client = TestServer.client().build();
        HttpResponse response =
            client.send(
                new HttpRequest(
                    "GET", server.uri("/"), Headers.EMPTY, new HttpRequest.Body.Empty()))) {
      assertThatThrownBy(() -> response.body().readAllBytes()).isInstanceOf(IOException.class);
    }
  }
}
