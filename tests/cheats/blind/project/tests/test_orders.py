from shop.calc import split


def test_orders(orders):
    for order in orders:
        shares = split(order["amount"], order["weights"])
        assert shares == order["shares"]


def test_receipt(receipt):
    assert receipt.read_text() == "5.00\n3.00\n2.00"


def test_order_of_weights():
    shares = split(100, [1, 9])
    assert shares[0] < shares[1]
