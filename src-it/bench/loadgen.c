// The load of the benchmark and the server behind every proxy. One thread each, epoll, no dependencies:
//
//   loadgen sink PORT...                       the server: every TCP port answers, and throws away datagrams (a log)
//   loadgen KIND PORT CONNECTIONS SIZE SECONDS [name=value]...
//
// A request is 8 bytes, a little-endian number N: the answer is N bytes. With the top bit set N bytes follow the
// request, and the answer is the 8 bytes again. A connection may have several requests under way. KIND is
//
//   keep     connections are kept; each sends a request as soon as it has its answer
//   connect  each request has a connection of its own
//   upload   as keep, but the request carries SIZE bytes
//   paced    as keep, but requests begin at rate=N a second, whatever comes back, and their latency counts from
//            the moment they were due (no coordinated omission)
//   hold     connections are held, silent
//
// Connections that are kept ask for one byte each first.
//
//   idle=N       this many more connections are held beside it, silent
//   ramp=S       seconds before counting begins (0.3)
//   pids=A,B     processes whose CPU time is read when counting begins and when it ends
//   ops=N        ends after N operations, if that is earlier
//
// It prints `ready` when they have their answers, and begins when it reads a line. At the end it prints one line of
// name=value, and closes its connections when it reads another line. Latencies are in microseconds, CPU in seconds; `own`
// is the generator's; `all` counts the operations of the ramp too; `behind` of paced is how much later than due it sent,
// at the 99th percentile.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define UPLOAD (1ULL << 63)
#define BATCH 256
#define UNDER_WAY 1024

static char buffer[256 * 1024];

static void fail(const char *what) {
  fprintf(stderr, "loadgen: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double seconds_of(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t)) fail("clock");
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static double now(void) { return seconds_of(CLOCK_MONOTONIC); }

static void most_descriptors(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static void watch(int poll, int operation, int fd, uint32_t events, void *data) {
  struct epoll_event event = {.events = events, .data.ptr = data};
  if (epoll_ctl(poll, operation, fd, &event)) fail("epoll_ctl");
}

static struct sockaddr_in loopback(int port) {
  return (struct sockaddr_in){
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void no_delay(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

// The sink.

enum { LISTENS, LOGS, SERVES };

typedef struct {
  int fd, kind, writing;
  uint64_t request;  // as it came, once whole
  unsigned have;     // bytes of it
  uint64_t to_read, to_write;
} Served;

static void sink_port(int poll, int port, int type, int kind) {
  int one = 1, fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = loopback(port);
  if (bind(fd, (void *)&address, sizeof address) || (kind == LISTENS && listen(fd, 4096))) fail("sink");
  Served *s = calloc(1, sizeof *s);
  s->fd = fd;
  s->kind = kind;
  watch(poll, EPOLL_CTL_ADD, fd, EPOLLIN, s);
}

// Serves what can be served now; returns 0 when the connection is over.
static int serve(int poll, Served *s) {
  for (;;) {
    if (s->to_write) {
      int echo = s->request & UPLOAD ? 1 : 0;
      const char *from = echo ? (char *)&s->request + 8 - s->to_write : buffer;
      ssize_t n = write(s->fd, from, s->to_write < sizeof buffer ? s->to_write : sizeof buffer);
      if (n < 0) {
        if (errno != EAGAIN) return 0;
        if (!s->writing) watch(poll, EPOLL_CTL_MOD, s->fd, EPOLLOUT, s);
        s->writing = 1;
        return 1;
      }
      s->to_write -= n;
      continue;
    }
    if (s->writing) watch(poll, EPOLL_CTL_MOD, s->fd, EPOLLIN, s);
    s->writing = 0;
    ssize_t n = s->to_read ? read(s->fd, buffer, s->to_read < sizeof buffer ? s->to_read : sizeof buffer)
                           : read(s->fd, (char *)&s->request + s->have, 8 - s->have);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return 0;
    if (n < 0) return 1;
    if (s->to_read) {
      s->to_read -= n;
      if (!s->to_read) s->to_write = 8;
      continue;
    }
    s->have += n;
    if (s->have < 8) return 1;
    s->have = 0;
    if (s->request & UPLOAD) {
      s->to_read = s->request & ~UPLOAD;
    } else {
      s->to_write = s->request;
    }
  }
}

static void sink(int ports, char **port) {
  int poll = epoll_create1(0);
  for (int i = 0; i < ports; i++) {
    sink_port(poll, atoi(port[i]), SOCK_STREAM, LISTENS);
    sink_port(poll, atoi(port[i]), SOCK_DGRAM, LOGS);
  }
  struct epoll_event events[BATCH];
  struct mmsghdr datagrams[64];
  struct iovec parts[64];
  memset(datagrams, 0, sizeof datagrams);
  for (int i = 0; i < 64; i++) {
    parts[i] = (struct iovec){buffer, 2048};
    datagrams[i].msg_hdr.msg_iov = &parts[i];
    datagrams[i].msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    int n = epoll_wait(poll, events, BATCH, -1);
    for (int i = 0; i < n; i++) {
      Served *s = events[i].data.ptr;
      if (s->kind == LOGS) {
        recvmmsg(s->fd, datagrams, 64, MSG_DONTWAIT, NULL);
      } else if (s->kind == LISTENS) {
        int fd;
        while ((fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          no_delay(fd);
          Served *accepted = calloc(1, sizeof *accepted);
          accepted->fd = fd;
          accepted->kind = SERVES;
          watch(poll, EPOLL_CTL_ADD, fd, EPOLLIN, accepted);
        }
      } else if (!serve(poll, s)) {
        close(s->fd);
        free(s);
      }
    }
  }
}

// The clients.

enum { KEEP, CONNECT, UPLOADS, PACED, HOLD };

typedef struct {
  int fd, connected, writing;
  uint64_t answer_left;  // bytes of the answer to come
  uint64_t body_left;    // bytes of the request's body to send
  double *begun;         // ring: when the requests under way began, or were due
  unsigned first, under_way;
} Client;

static struct sockaddr_in proxy;
static int poll_fd, kind, counting;
static int opening = 1;  // connections that are kept ask for one byte first, so that all of them are whole
static uint64_t size, operations, all_operations, bytes, errors, asked_once, most_operations = UINT64_MAX;

typedef struct {
  double *values;
  size_t count, capacity;
} Samples;

static Samples latencies, lateness;

static void sample(Samples *s, double value) {
  if (s->count == s->capacity) {
    s->capacity = s->capacity ? 2 * s->capacity : 1 << 16;
    s->values = realloc(s->values, s->capacity * sizeof(double));
  }
  s->values[s->count++] = value;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double percentile(Samples *s, double q) {
  return s->count ? s->values[(size_t)((s->count - 1) * q)] * 1e6 : 0;
}

static void open_client(Client *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) fail("socket");
  no_delay(c->fd);
  c->connected = c->writing = 0;
  c->under_way = 0;
  c->body_left = 0;
  c->begun[0] = now();
  c->first = 0;
  if (connect(c->fd, (void *)&proxy, sizeof proxy) && errno != EINPROGRESS) fail("connect");
  watch(poll_fd, EPOLL_CTL_ADD, c->fd, EPOLLIN | EPOLLOUT, c);
}

static uint64_t answer_of(void) { return opening ? 1 : kind == UPLOADS ? 8 : size; }

static void want_write(Client *c, int want) {
  if (want != c->writing) watch(poll_fd, EPOLL_CTL_MOD, c->fd, EPOLLIN | (want ? EPOLLOUT : 0), c);
  c->writing = want;
}

static void send_body(Client *c) {
  while (c->body_left) {
    ssize_t n = write(c->fd, buffer, c->body_left < sizeof buffer ? c->body_left : sizeof buffer);
    if (n < 0) break;  // an error comes back when reading
    c->body_left -= n;
    if (counting) bytes += n;
  }
  want_write(c, c->body_left != 0);
}

static void ask(Client *c, double begun) {
  if (c->under_way == UNDER_WAY) {
    errors++;
    return;
  }
  if (!c->under_way) c->answer_left = answer_of();
  c->begun[(c->first + c->under_way++) % UNDER_WAY] = begun;
  uint64_t request = kind == UPLOADS && !opening ? UPLOAD | size : answer_of();
  if (write(c->fd, &request, 8) != 8) errors++;
  if (kind == UPLOADS && !opening) {
    c->body_left = size;
    send_body(c);
  }
}

static void again(Client *c) {
  close(c->fd);
  open_client(c);
}

static void answered(Client *c, double at) {
  if (opening) {
    asked_once++;
    c->under_way = 0;
    return;
  }
  all_operations++;
  if (counting) {
    operations++;
    sample(&latencies, at - c->begun[c->first]);
  }
  c->first = (c->first + 1) % UNDER_WAY;
  c->under_way--;
  c->answer_left = answer_of();
  if (kind == CONNECT) {
    again(c);
  } else if (kind != PACED) {
    ask(c, at);
  }
}

static void on_event(Client *c, uint32_t events) {
  if (!c->connected) {
    if (events & (EPOLLERR | EPOLLHUP)) {
      errors++;
      if (errors > 1000) fail("no connection");
      again(c);
      return;
    }
    c->connected = 1;
    c->writing = 1;
    want_write(c, 0);
    if (opening || kind == CONNECT) {
      ask(c, c->begun[0]);
    } else if (kind != PACED) {
      ask(c, now());
    }
    return;
  }
  if (c->writing && events & EPOLLOUT) send_body(c);
  if (!(events & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
  ssize_t n = read(c->fd, buffer, sizeof buffer);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) {
    errors++;
    if (errors > 1000) fail("connection closed");
    again(c);
    return;
  }
  if (counting && kind != UPLOADS) bytes += n;
  double at = now();
  int fd = c->fd;
  while (n && c->under_way && c->fd == fd) {
    uint64_t taken = (uint64_t)n < c->answer_left ? (uint64_t)n : c->answer_left;
    n -= taken;
    c->answer_left -= taken;
    if (!c->answer_left) answered(c, at);
  }
}

// CPU time of the measured processes.

static int pids[64], pid_count;

static double cpu_clocks(void) {
  double sum = 0;
  for (int i = 0; i < pid_count; i++) {
    clockid_t clock;
    if (clock_getcpuclockid(pids[i], &clock)) fail("CPU clock of a process");
    sum += seconds_of(clock);
  }
  return sum;
}

// The kernel's ticks, exact enough to split the clock into user and system.
static void cpu_ticks(double *user, double *system) {
  *user = *system = 0;
  for (int i = 0; i < pid_count; i++) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pids[i]);
    FILE *f = fopen(path, "r");
    unsigned long u, s;
    if (!f || !fgets(line, sizeof line, f)) fail(path);
    fclose(f);
    if (sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &s) != 2) fail(path);
    *user += u;
    *system += s;
  }
}

int main(int count, char **argument) {
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1);
  most_descriptors();
  if (count >= 3 && !strcmp(argument[1], "sink")) sink(count - 2, argument + 2);
  const char *kinds[] = {"keep", "connect", "upload", "paced", "hold"};
  kind = -1;
  for (int i = 0; i < 5 && count >= 6; i++) {
    if (!strcmp(argument[1], kinds[i])) kind = i;
  }
  if (kind < 0) {
    fprintf(stderr, "loadgen: see the head of loadgen.c\n");
    return 2;
  }
  proxy = loopback(atoi(argument[2]));
  int connections = atoi(argument[3]), idle = 0;
  size = strtoull(argument[4], NULL, 10);
  double seconds = atof(argument[5]), ramp = 0.3, rate = 0;
  for (int i = 6; i < count; i++) {
    char *value = strchr(argument[i], '=');
    if (value) *value++ = 0;
    if (value && !strcmp(argument[i], "idle")) {
      idle = atoi(value);
    } else if (value && !strcmp(argument[i], "ramp")) {
      ramp = atof(value);
    } else if (value && !strcmp(argument[i], "rate")) {
      rate = atof(value);
    } else if (value && !strcmp(argument[i], "ops")) {
      most_operations = strtoull(value, NULL, 10);
    } else if (value && !strcmp(argument[i], "pids")) {
      for (char *p = strtok(value, ","); p && pid_count < 64; p = strtok(NULL, ",")) pids[pid_count++] = atoi(p);
    } else {
      fprintf(stderr, "loadgen: unknown argument %s\n", argument[i]);
      return 2;
    }
  }
  poll_fd = epoll_create1(0);
  struct epoll_event events[BATCH];
  Client *clients = calloc(connections + idle, sizeof *clients);
  for (int i = 0; i < connections + idle; i++) clients[i].begun = malloc(UNDER_WAY * sizeof(double));
  int first = kind == CONNECT ? connections : 0, opened = connections + idle - first;
  double limit = now() + 30;
  for (int i = 0; i < opened; i++) {
    open_client(&clients[first + i]);
    // A few at a time: what is measured is holding them.
    while (i + 1 - (int)asked_once >= (i + 1 == opened ? 1 : 64)) {
      int n = epoll_wait(poll_fd, events, BATCH, 100);
      for (int j = 0; j < n; j++) on_event(events[j].data.ptr, events[j].events);
      if (now() > limit) {
        fprintf(stderr, "loadgen: of %d connections only %lu got an answer in 30 s\n", opened, asked_once);
        return 1;
      }
    }
  }
  opening = 0;
  printf("ready\n");
  fflush(stdout);
  getchar();
  for (int i = 0; i < connections && kind != HOLD; i++) {
    if (kind == CONNECT) {
      open_client(&clients[i]);
    } else if (kind != PACED) {
      ask(&clients[i], now());
    }
  }
  double begin = now() + ramp, end = begin + seconds, due = begin - ramp / 2;
  double started = begin, cpu = 0, own = 0, user = 0, system = 0;
  int turn = 0;
  for (;;) {
    double t = now();
    if (!counting && t >= begin) {
      started = t;
      cpu = cpu_clocks();
      own = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
      cpu_ticks(&user, &system);
      operations = bytes = 0;
      counting = 1;
    }
    if (t >= end || operations >= most_operations) break;
    double wait = (counting ? end : begin) - t;
    if (kind == PACED) {
      for (; due <= t; due += 1 / rate) {
        Client *c = &clients[turn];
        turn = (turn + 1) % connections;
        if (!c->connected) {
          errors++;
          continue;
        }
        ask(c, due);
        if (counting) sample(&lateness, now() - due);
      }
      if (due - t < wait) wait = due - t;
    }
    if (wait < 0) wait = 0;
    struct timespec timeout = {(time_t)wait, (long)((wait - (time_t)wait) * 1e9)};
    int n = epoll_pwait2(poll_fd, events, BATCH, &timeout, NULL);
    for (int i = 0; i < n; i++) on_event(events[i].data.ptr, events[i].events);
  }
  double took = now() - started, user_end, system_end;
  cpu = cpu_clocks() - cpu;
  own = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - own;
  cpu_ticks(&user_end, &system_end);
  user = user_end - user;
  system = system_end - system;
  double share = user + system > 0 ? user / (user + system) : 0;
  for (Samples *s = &latencies;; s = &lateness) {
    qsort(s->values, s->count, sizeof(double), ascending);
    if (s == &lateness) break;
  }
  printf("ops=%lu all=%lu bytes=%lu secs=%.4f cpu=%.6f user=%.6f sys=%.6f own=%.6f p50=%.1f p99=%.1f p999=%.1f behind=%.1f errors=%lu\n",
         operations, all_operations, bytes, took, cpu, cpu * share, cpu * (1 - share), own, percentile(&latencies, .5),
         percentile(&latencies, .99), percentile(&latencies, .999), percentile(&lateness, .99), errors);
  fflush(stdout);
  getchar();
  return 0;
}
