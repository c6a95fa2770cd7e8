# Two stages: the first builds the virtual environment from the lock, the second only carries it.
FROM python:3.11-slim AS build
WORKDIR /srv/earnest
RUN python -m venv /opt/venv
COPY requirements.lock ./
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY detectors detectors
COPY tokens tokens
COPY earnest_client earnest_client
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/earnest --shell /usr/sbin/nologin earnest
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    EARNEST_ENV=production \
    EARNEST_DATA_DIR=/var/lib/earnest/data \
    EARNEST_HOST=0.0.0.0 \
    EARNEST_PORT=8000
WORKDIR /var/lib/earnest
USER 10001
VOLUME /var/lib/earnest/data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['EARNEST_PORT'] + '/healthz', timeout=2)"]
CMD ["earnest", "serve"]
