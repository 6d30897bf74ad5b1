"""Secrets of every form that is known, put together here so that no scanner takes them for real."""

B62 = "aB3dE5fG7hJ9kL1mN0pQ2rS4tU6vW8xY0zA1bC2dE3fG4hI5jK6lM7nO8pQ9rS0t"
HEX = "0123456789abcdef" * 4
UPPER = "A1B2C3D4E5F6G7H8J9K0L1M2N3P4Q5R6S7T8U9V0W1X2Y3Z4A5B6C7D8E9F0G1H2"

FORMS = {
    "an AWS access key": "AK" + "IA" + UPPER[:16],
    "a GitHub token": "gh" + "p_" + B62[:36],
    "a GitLab token": "gl" + "pat-" + B62[:20],
    "an Anthropic key": "sk-" + "ant-api03-" + B62[:40],
    "an OpenRouter key": "sk-" + "or-v1-" + HEX,
    "an OpenAI key": "sk-" + "proj-" + B62[:48],
    "an API key": "sk-" + B62[:48],
    "a Cerebras key": "cs" + "k-" + B62[:48].lower(),
    "a Groq key": "gs" + "k_" + B62[:52],
    "an xAI key": "xa" + "i-" + B62 + B62[:20],
    "a Perplexity key": "pp" + "lx-" + B62[:48],
    "a Replicate token": "r8" + "_" + B62[:37],
    "a Hugging Face token": "hf" + "_" + B62[:34],
    "a Slack token": "xo" + "xb-123456789012-" + B62[:24],
    "a Google API key": "AI" + "za" + B62[:35],
    "a Google OAuth secret": "GOC" + "SPX-" + B62[:28],
    "a Google access token": "ya" + "29." + B62[:40],
    "a Stripe key": "sk" + "_live_" + B62[:24],
    "a webhook's signing secret": "wh" + "sec_" + B62[:32],
    "a Twilio key": "S" + "K" + HEX[:32],
    "a SendGrid key": "S" + "G." + B62[:22] + "." + B62[:43],
    "a Mailgun key": "ke" + "y-" + HEX[:32],
    "an npm token": "np" + "m_" + B62[:36],
    "a PyPI token": "py" + "pi-AgE" + B62[:60],
    "a DigitalOcean token": "do" + "p_v1_" + HEX,
    "a Shopify token": "sh" + "pat_" + HEX[:32],
    "a JSON Web Token": "ey" + "J" + B62[:20] + ".ey" + "J" + B62[:30] + "." + B62[:43],
    "a Databricks token": "da" + "pi" + HEX[:32],
    "a Linear key": "li" + "n_api_" + B62[:40],
    "a Vault token": "hv" + "s." + B62[:30],
    "a Postman key": "PM" + "AK-" + HEX[:24] + "-" + HEX[:34],
    "a New Relic key": "NR" + "AK-" + UPPER[:27],
    "a Grafana token": "gl" + "sa_" + B62[:40],
    "a Tailscale key": "ts" + "key-auth-" + B62[:30],
    "an age key": "AGE-" + "SECRET-KEY-1" + UPPER[:58],
}
"""Secrets that are known by themselves."""

WITHIN = {
    "a GitHub token": ("token = 'github_" + "pat_{}'", B62[:40]),
    "a Slack webhook": ("https://hooks.sl" + "ack.com/services/{}", "T0001/B0002/" + B62[:24]),
    "a Telegram bot's token": ("bot = 123456789{}", ":" + "AA" + B62[:33]),
    "a Discord webhook": ("https://disc" + "ord.com/api/webhooks/12345/{}", B62[:60]),
    "an Azure storage key": ("AccountName=x;Account" + "Key={};", (B62 + B62)[:86] + "=="),
    "a bearer token": ("Authorization: Bea" + "rer {}", B62[:30]),
    "a password in an address": ("postgres://app:{}@db.example.com/x", "s3cr3t-p4ss"),
    "a password or key": ('DB_PASSWORD = "{}"', "hunter2-Xk9"),
}
"""Secrets that are known by what stands around them."""

PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\n{}\n-----END RSA PRIVATE " + "KEY-----\n"
PEM_LINES = [B62[n : n + 50] for n in range(4)] + ["Qk9X="]
PRIVATE_KEY = PEM.format("\n".join(PEM_LINES))
