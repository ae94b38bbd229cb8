package dev.nacelle.image.registry;

import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.image.ImageFault;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.util.Optional;

/**
 * The bytes of a blob over as many connections as it takes: where one breaks, the next asks for the
 * range that is missing. Gives up after several failures without a byte between them. Not verified.
 * For one thread.
 */
final class ResumingBlob extends InputStream {
  private final Place place;
  private final URI uri;
  private final Backoff backoff;

  /** Closed by another thread when the pull is given up. */
  private volatile HttpResponse response;

  private InputStream body;
  private long received;
  private int failures;

  /** Makes the first request, so that a refusal is told at once. */
  ResumingBlob(Place place, URI uri, Backoff backoff) throws IOException, InterruptedException {
    this.place = place;
    this.uri = uri;
    this.backoff = backoff;
    response = place.send(HttpRequest.get(uri));
    body = response.body();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    while (true) {
      try {
        int got = body.read(into, offset, length);
        if (got > 0) {
          received += got;
          failures = 0;
        }
        return got;
      } catch (InterruptedIOException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        resume(e); // a read that timed out
      } catch (IOException e) {
        resume(e);
      }
    }
  }

  private void resume(IOException broken) throws IOException {
    response.close();
    IOException last = broken;
    while (failures < backoff.attempts() && !Thread.currentThread().isInterrupted()) {
      try {
        Thread.sleep(backoff.delay(failures++, Optional.empty()));
        reopen();
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
      } catch (Place.Refusal e) {
        if (e.fault() != ImageFault.REGISTRY_UNAVAILABLE) {
          throw e;
        }
        last = e;
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  private void reopen() throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.get(uri);
    response =
        place.send(received == 0 ? request : request.with("range", "bytes=" + received + "-"));
    body = response.body();
    boolean whole = response.status() == 200;
    if (whole) {
      body.skipNBytes(received); // a server without ranges sends it all again
    } else if (!response
        .headers()
        .first("content-range")
        .orElse("")
        .startsWith("bytes " + received + "-")) {
      throw new IOException("the registry answers another range than asked for");
    }
  }

  @Override
  public void close() {
    response.close();
  }
}
