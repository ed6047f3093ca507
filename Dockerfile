# Stage 1 builds the virtual environment from the hashed requirement files; stage 2 carries it and nothing else.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/gateway
COPY requirements/ requirements/
RUN /opt/gateway/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY gateway/ gateway/
RUN /opt/build/bin/hatchling build -t wheel \
 && /opt/gateway/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.11-slim-bookworm
# A fixed number, so that a volume's owner can be set from outside; no home and no shell.
RUN groupadd --system --gid 10001 gateway \
 && useradd --system --uid 10001 --gid gateway --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin gateway \
 && install --directory --owner=gateway --group=gateway --mode=0700 /var/lib/cronofy-gateway
COPY --from=build /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/cronofy-gateway
VOLUME /var/lib/cronofy-gateway
EXPOSE 8080 9080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9080/readyz', timeout=2)"]
ENTRYPOINT ["cronofy-gateway"]
CMD ["serve", "--config", "/etc/cronofy-gateway/gateway.toml"]
