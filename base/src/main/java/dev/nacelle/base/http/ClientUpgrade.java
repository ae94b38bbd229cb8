package dev.nacelle.base.http;

import java.io.InputStream;
import java.io.OutputStream;

/** A client's connection after an upgrade. */
final class ClientUpgrade implements RawStream {
  private final ClientConnection connection;

  ClientUpgrade(ClientConnection connection) {
    this.connection = connection;
  }

  @Override
  public InputStream input() {
    return connection.input();
  }

  @Override
  public OutputStream output() {
    return connection.output();
  }

  @Override
  public void closeSoon() {
    Thread.ofVirtual()
        .name("http-linger")
        .start(
            () -> {
              try {
                Thread.sleep(LINGER);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              close();
            });
  }

  @Override
  public void close() {
    connection.close();
  }
}
