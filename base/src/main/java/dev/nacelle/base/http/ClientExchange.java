package dev.nacelle.base.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** A response and the connection it comes over, which goes back to the pool at the body's end. */
final class ClientExchange implements HttpResponse {
  private final ConnectionPool pool;
  private final ClientConnection connection;
  private final Http1Wire.Head head;
  private final Optional<BodySender> sender;
  private final AtomicBoolean settled = new AtomicBoolean();
  private final ResponseBody body;

  /**
   * @param sender of a body that may still be under way
   */
  ClientExchange(
      ConnectionPool pool,
      ClientConnection connection,
      String method,
      Http1Wire.Head head,
      Optional<BodySender> sender)
      throws IOException {
    this.pool = pool;
    this.connection = connection;
    this.head = head;
    this.sender = sender;
    this.body = ResponseBody.of(connection.input(), method, head, this::ended);
  }

  private void ended() {
    if (settled.compareAndSet(false, true)) {
      boolean delimited =
          head.headers().contains("content-length")
              || head.headers().contains("transfer-encoding")
              || head.status() == 204
              || head.status() == 304;
      if (delimited
          && !head.http10()
          && !head.headers().hasToken("connection", "close")
          && sender.stream().allMatch(BodySender::isFinished)) {
        pool.rest(connection);
      } else {
        connection.close();
      }
      pool.release();
    }
  }

  /** Keeps the connection out of the pool for good: it changes its protocol. */
  RawStream leaveHttp() {
    settled.set(true);
    pool.release();
    return new ClientUpgrade(connection);
  }

  @Override
  public int status() {
    return head.status();
  }

  @Override
  public Headers headers() {
    return head.headers();
  }

  @Override
  public InputStream body() {
    return body;
  }

  @Override
  public void close() {
    if (settled.compareAndSet(false, true)) {
      connection.close();
      pool.release();
    }
  }
}
